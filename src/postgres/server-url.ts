import { RevectorError } from '../core/errors.ts'

export const tlsModes = ['disable', 'prefer', 'require', 'verify-ca', 'verify-full'] as const
export type TlsMode = (typeof tlsModes)[number]

export interface TlsOptions {
  /**
   * As libpq's sslmode. `prefer` uses TLS where the server offers it, `require` insists but checks no certificate,
   * `verify-ca` checks who signed it, `verify-full` also the host name. Default: `prefer`, on this machine `disable`.
   */
  readonly mode?: TlsMode
  /** PEM file of the trusted authorities. With `require`: as `verify-ca`. */
  readonly caFile?: string
  /** PEM files of a client certificate and its key. */
  readonly certFile?: string
  readonly keyFile?: string
}

/** A parsed connection string. */
export interface ServerAddress {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string | undefined
  readonly database: string
  readonly tls: TlsOptions & { readonly mode: TlsMode }
  /** Further settings in the URL that libpq knows and Revector passes on. */
  readonly applicationName: string | undefined
  readonly connectTimeoutMs: number | undefined
  readonly options: string | undefined
}

const example = 'postgresql://user:password@host:5432/database'

/** @throws RevectorError CONFIG_INVALID; the message never repeats the URL, which may hold a password */
export function parseServerUrl(text: string, tls: TlsOptions = {}): ServerAddress {
  let url: URL
  try {
    url = new URL(text)
  } catch {
    throw invalid('it is not a URL')
  }
  if (url.protocol !== 'postgresql:' && url.protocol !== 'postgres:') {
    throw invalid(`it begins with ${url.protocol.replace(':', '')}://`)
  }
  const parameter = (name: string): string | undefined => url.searchParams.get(name) ?? undefined
  const host = parameter('host') ?? (url.hostname === '' ? 'localhost' : decode(url.hostname))
  const mode = tlsMode(parameter('sslmode')) ?? tls.mode ?? (isLocal(host) ? 'disable' : 'prefer')
  const user = decode(url.username) || parameter('user') || 'postgres'
  const password = url.password === '' ? parameter('password') : decode(url.password)
  const connectTimeout = Number(parameter('connect_timeout') ?? Number.NaN)
  return {
    host: host.replace(/^\[(.*)\]$/, '$1'),
    port: Number(parameter('port') ?? (url.port === '' ? 5432 : url.port)),
    user,
    password,
    database: decode(url.pathname.slice(1)) || parameter('dbname') || user,
    tls: {
      ...tls,
      ...present('caFile', parameter('sslrootcert')),
      ...present('certFile', parameter('sslcert')),
      ...present('keyFile', parameter('sslkey')),
      mode,
    },
    applicationName: parameter('application_name'),
    connectTimeoutMs: Number.isFinite(connectTimeout) ? connectTimeout * 1_000 : undefined,
    options: parameter('options'),
  }
}

function tlsMode(value: string | undefined): TlsMode | undefined {
  if (value === undefined) return undefined
  if (value === 'allow') return 'prefer'
  const mode = tlsModes.find((known) => known === value)
  if (mode === undefined) throw invalid(`sslmode=${value} is none of ${tlsModes.join(', ')}`)
  return mode
}

function present<K extends string>(key: K, value: string | undefined): Partial<Record<K, string>> {
  return value === undefined ? {} : ({ [key]: value } as Record<K, string>)
}

function isLocal(host: string): boolean {
  return (
    host === 'localhost' ||
    host === '::1' ||
    host === '[::1]' ||
    host.startsWith('127.') ||
    host.startsWith('/')
  )
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function invalid(why: string): RevectorError {
  return new RevectorError('CONFIG_INVALID', `DATABASE_URL is not a connection string: ${why}.`, {
    hint: `Expected the form ${example}; special characters in the password must be %-encoded.`,
  })
}
