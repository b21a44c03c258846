import { STATUS_CODES } from 'node:http'
import { type ErrorCode, errorCatalogue, isRevectorError, RevectorError } from '../core/errors.ts'
import type { Redactor } from '../logs/redact.ts'
import { snakeKeys } from '../wire/codec.ts'
import type { Problem } from './contract/problem.ts'
import { retryAfterRepair, retryAfterSeconds, statusOf } from './status.ts'

export const problemType = 'application/problem+json'

export interface Refusal {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Problem
}

/** Details of the infrastructure that clients must not see: addresses, users, tables, statements. */
const behindUs = /^(DATABASE|EXTENSION|FOLDER)_/

/** An error as it is sent: RFC 9457, with the members of the code, without secrets. */
export function refusalOf(
  given: RevectorError,
  { requestId, redactor }: { readonly requestId: string; readonly redactor: Redactor },
): Refusal {
  const { code } = given
  const status = statusOf(code)
  const error = behindUs.test(code) ? withoutInternals(code) : given
  const data = redactor.value(snakeKeys(error.data)) as Record<string, unknown>
  const body: Problem = {
    ...data,
    type: `/docs#${code}`,
    title: errorCatalogue[code].meaning,
    status,
    detail: redactor.text(error.message),
    code,
    hint: redactor.text(error.hint),
    request_id: requestId,
  }
  return { status, headers: headersOf(error, status), body }
}

function withoutInternals(code: ErrorCode): RevectorError {
  return new RevectorError(code, errorCatalogue[code].meaning, { hint: inTheLog })
}

const inTheLog = 'The log has more details under the id of this request.'

function headersOf(error: RevectorError, status: number): Record<string, string> {
  if (status === 401) return { 'www-authenticate': 'Bearer' }
  if (status === 405 && typeof error.data['allow'] === 'string') return { allow: error.data['allow'] }
  if (status !== 503 && status !== 429) return {}
  const said = error.data['retryAfterSeconds']
  const seconds = typeof said === 'number' ? said : (retryAfterSeconds[error.code] ?? retryAfterRepair)
  return { 'retry-after': String(Math.max(1, Math.ceil(seconds))) }
}

/** Errors of the framework, by their codes. */
const frameworkCodes: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: ['MEDIA_TYPE_UNSUPPORTED', 'Send application/json.'],
  FST_ERR_CTP_BODY_TOO_LARGE: ['REQUEST_TOO_LARGE', 'Send less data, or raise `serve.maxBodyBytes`.'],
  FST_ERR_CTP_EMPTY_JSON_BODY: ['REQUEST_MALFORMED', 'Send a JSON object.'],
  FST_ERR_BAD_URL: ['REQUEST_MALFORMED', 'Percent-encode the URL.'],
}

/**
 * Converts any thrown value to the one error type. An unknown error is an internal error and reveals nothing.
 */
export function asRefusable(thrown: unknown): RevectorError {
  if (isRevectorError(thrown)) return thrown
  const { code, statusCode, message } = describe(thrown)
  const known = frameworkCodes[code]
  if (known !== undefined)
    return new RevectorError(known[0], sentence(message), { hint: known[1], cause: thrown })
  if (statusCode === 413) {
    return new RevectorError('REQUEST_TOO_LARGE', sentence(message), {
      hint: 'Send less data, or raise the limits under `serve`.',
      cause: thrown,
    })
  }
  if (statusCode >= 400 && statusCode < 500) {
    return new RevectorError('REQUEST_MALFORMED', sentence(message), {
      hint: 'See /docs for the expected request.',
      cause: thrown,
    })
  }
  return new RevectorError('INTERNAL', 'Internal error.', { hint: inTheLog, cause: thrown })
}

function describe(thrown: unknown): { code: string; statusCode: number; message: string } {
  if (!(thrown instanceof Error)) return { code: '', statusCode: 500, message: '' }
  const { code, statusCode } = thrown as { code?: unknown; statusCode?: unknown }
  return {
    code: typeof code === 'string' ? code : '',
    statusCode: typeof statusCode === 'number' ? statusCode : 500,
    message: thrown.message,
  }
}

function sentence(text: string): string {
  const line = (text.split('\n')[0] ?? '').trim()
  return line === '' ? (STATUS_CODES[400] ?? '') : line.replace(/\.?$/, '.')
}
