import { type ErrorCode, RevectorError } from '../core/errors.ts'
import { otherSession } from './address/server-choice.ts'
import { poolerTroubleOf } from './retry.ts'
import { silent } from './silence.ts'

/** Where an error happened, in words that may be shown: never with a password. */
export interface Place {
  readonly engine: 'embedded' | 'server'
  /** e.g. `localhost:5432`, or the data folder. */
  readonly address: string
  readonly database: string
  readonly user: string
}

interface ServerFields {
  readonly code: string
  readonly detail: string | undefined
  readonly table: string | undefined
  readonly column: string | undefined
  readonly constraint: string | undefined
}

const passwordInUrl = /(\b[a-z][a-z0-9+.-]*:\/\/[^\s:@/]*):[^\s@/]*@/gi
const passwordField = /\b(password|passwd|pwd|sslpassword)(\s*=\s*)('[^']*'|[^\s&]+)/gi

/** Removes passwords from anything that looks like a connection string. */
export function redact(text: string): string {
  return text.replace(passwordInUrl, '$1:***@').replace(passwordField, '$1$2***')
}

/** Converts any error of `pg` or the network to the error that leaves Revector. */
export function databaseError(error: unknown, place: Place): RevectorError {
  if (error instanceof RevectorError) return error
  const fields = serverFields(error)
  const message = redact(error instanceof Error ? firstLine(error) : String(error))
  const named = describe(fields, message, place)
  return new RevectorError(named.code, named.message, {
    hint: named.hint,
    data: {
      ...(isSqlstate(fields.code) ? { sqlstate: fields.code } : {}),
      table: fields.table,
      column: fields.column,
      constraint: fields.constraint,
      ...named.data,
    },
    cause: error,
  })
}

/** The SQLSTATE of an error, wherever it is in the chain; the empty string if it has none. */
export function sqlstateOf(error: unknown): string {
  if (error instanceof RevectorError && typeof error.data['sqlstate'] === 'string')
    return error.data['sqlstate']
  const { code } = serverFields(error)
  return isSqlstate(code) ? code : ''
}

/** Five characters of A–Z and 0–9 with at least one digit, unlike the system's EPIPE. */
function isSqlstate(code: string): boolean {
  return /^(?=.*\d)[0-9A-Z]{5}$/.test(code)
}

interface Named {
  readonly code: ErrorCode
  readonly message: string
  readonly hint: string
  readonly data?: Readonly<Record<string, unknown>>
}

function describe(fields: ServerFields, message: string, place: Place): Named {
  const detail = fields.detail === undefined ? '' : ` ${redact(fields.detail)}`
  switch (fields.code) {
    case '28P01':
    case '28000':
      return {
        code: 'DATABASE_AUTHENTICATION_FAILED',
        message: `The server at ${place.address} rejected the user "${place.user}": ${message}.`,
        hint: 'Check the user, the password and the TLS mode (sslmode) in DATABASE_URL, and the pg_hba.conf of the server.',
        data: { user: place.user },
      }
    case '3D000':
      return {
        code: 'DATABASE_MISSING',
        message: `The server at ${place.address} has no database "${place.database}".`,
        hint: `Create it (createdb ${place.database}) or correct the database name in DATABASE_URL.`,
        data: { database: place.database },
      }
    case '42501':
      return {
        code: 'DATABASE_PERMISSION_DENIED',
        message: `The user "${place.user}" lacks a permission: ${message}.`,
        hint: `See which grants it lacks with \`revector doctor --role ${place.user}\`, as the owner of the tables.`,
      }
    case '25006':
      return {
        code: 'DATABASE_READ_ONLY',
        message: `The database "${place.database}" at ${place.address} takes no writes: ${message}.`,
        hint: 'Connect to the primary (target_session_attrs=read-write), or turn default_transaction_read_only off. Searches work here.',
      }
    case '55P03':
      return {
        code: 'DATABASE_BUSY',
        message: `A lock was not granted in time: ${message}.`,
        hint: 'Another session holds the lock; try again when it is done (pg_stat_activity shows what is running).',
      }
    case '57014':
      return {
        code: 'DATABASE_FAILED',
        message: `A statement was cancelled: ${message}.`,
        hint: 'If the statement timeout was the cause, raise it for this work.',
      }
    case '53300':
    case '57P03':
      return {
        code: 'DATABASE_UNREACHABLE',
        message: `The server at ${place.address} accepts no connections now: ${message}.`,
        hint: 'Wait until it is ready. If there are too many connections, lower the pool size or raise max_connections.',
      }
    case '08P01':
      if (poolerTroubleOf(message) === null) break
      return {
        code: 'DATABASE_UNREACHABLE',
        message: `The connection pooler at ${place.address} gave no connection to the database: ${message}.`,
        hint: 'Check that the server behind the pooler runs, and the sizes and timeouts of the pool.',
      }
    case 'EMBEDDED_ENGINE_STOPPED':
      return {
        code: 'DATABASE_FAILED',
        message: `${message}.`,
        hint: 'Open the data folder again: everything that was committed is still there.',
      }
    case '53100':
    case 'ENOSPC':
      return {
        code: 'DATABASE_FULL',
        message: `The disk of the database at ${place.address} is full: ${message}.`,
        hint: 'Free some space there, then try again. Searches and `doctor` need none.',
      }
    case 'ECONNREFUSED':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'ETIMEDOUT':
    case 'ENOENT':
    case '08001':
    case '08004':
    case otherSession:
    case silent:
      return unreachable(message, place)
  }
  if (message.startsWith('timeout expired') || message.includes('due to connection timeout')) {
    return unreachable('no response in time', place)
  }
  if (message.includes('client password must be a string')) {
    return {
      code: 'DATABASE_AUTHENTICATION_FAILED',
      message: `The server at ${place.address} requires a password, but the user "${place.user}" has none.`,
      hint: 'Put it into DATABASE_URL: postgresql://user:password@host:port/database.',
      data: { user: place.user },
    }
  }
  if (message.includes('does not support SSL')) {
    return {
      code: 'DATABASE_UNREACHABLE',
      message: `The server at ${place.address} does not offer TLS, which the connection asks for.`,
      hint: 'Enable TLS on the server, or use sslmode=disable if the network is trusted.',
    }
  }
  if (/certificate|self[- ]signed|ERR_TLS/i.test(`${fields.code} ${message}`) && fields.code !== '') {
    return {
      code: 'DATABASE_UNREACHABLE',
      message: `The certificate of ${place.address} was not accepted: ${message}.`,
      hint: 'Specify the authority that signed it (sslrootcert=FILE), and connect by the name it was issued for.',
    }
  }
  return {
    code: 'DATABASE_FAILED',
    message: `The database rejected a statement: ${message}.${detail}`,
    hint: 'The SQLSTATE and the names involved are in the details of this error.',
  }
}

function unreachable(message: string, place: Place): Named {
  return {
    code: 'DATABASE_UNREACHABLE',
    message: `The server at ${place.address} could not be reached: ${message}.`,
    hint: 'Check host and port in DATABASE_URL and that the server is running. Without DATABASE_URL, Revector uses the embedded engine.',
    data: { address: place.address },
  }
}

/**
 * Suitable for one sentence, without its full stop. For several attempts (IPv6, IPv4), the reason of the last
 * one.
 */
function firstLine(error: Error): string {
  const inner = error instanceof AggregateError ? error.errors.at(-1) : error
  const text = (inner instanceof Error ? inner.message : error.message) || error.name
  return (text.split('\n')[0] ?? text).replace(/\.$/, '')
}

function serverFields(error: unknown): ServerFields {
  const of = (name: string): string | undefined => {
    const value: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, name) : undefined
    return typeof value === 'string' && value !== '' ? value : undefined
  }
  return {
    code: of('code') ?? '',
    detail: of('detail'),
    table: of('table'),
    column: of('column'),
    constraint: of('constraint'),
  }
}
