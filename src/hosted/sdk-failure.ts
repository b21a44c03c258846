import { ProviderFailure } from './failure.ts'
import { retryAfter } from './retry.ts'

/** What the SDK's errors may contain; nothing is guaranteed. */
interface SdkError {
  readonly name?: unknown
  readonly message?: unknown
  readonly statusCode?: unknown
  readonly responseHeaders?: Readonly<Record<string, string>>
  readonly responseBody?: unknown
  readonly code?: unknown
  readonly cause?: SdkError
}

/**
 * The SDK's error holds the request with its headers (the key) and texts; only what is known to be harmless is
 * kept.
 */
export function toFailure(thrown: unknown, secrets: readonly (string | undefined)[]): ProviderFailure {
  const error = (typeof thrown === 'object' && thrown !== null ? thrown : {}) as SdkError
  const reason = withoutSecrets(String(error.message ?? thrown), secrets)
  // Not about a reply at all: an error in the options or in the SDK.
  if (error.name !== 'AI_APICallError') return new ProviderFailure('denied', reason)
  const status = typeof error.statusCode === 'number' ? error.statusCode : null
  if (status === null) return new ProviderFailure('unavailable', networkReason(error, reason))
  return status < 400 ? unreadable(error, status) : refused(error, status, reason)
}

/** The status was good, but the reply was not. */
function unreadable(error: SdkError, status: number): ProviderFailure {
  switch (error.cause?.name) {
    case 'AI_JSONParseError':
      return new ProviderFailure('garbled', 'The reply is not valid JSON.', { status })
    case 'AI_TypeValidationError':
      return new ProviderFailure('invalid', 'The reply does not have the requested form.', {
        status,
        mayBeOneText: true,
      })
    default:
      return new ProviderFailure('unavailable', networkReason(error, 'The reply broke off.'))
  }
}

const worthRetrying: ReadonlySet<number> = new Set([408, 409, 425])
const aboutTheTexts: ReadonlySet<number> = new Set([400, 413, 422])

function refused(error: SdkError, status: number, reason: string): ProviderFailure {
  const retryAfterMs = retryAfter(error.responseHeaders ?? {}, Date.now())
  const answer = reason === '' ? `HTTP ${status}` : `HTTP ${status}: ${reason}`
  if (status === 429 && !isOutOfCredit(error.responseBody)) {
    return new ProviderFailure('limited', answer, { status, retryAfterMs })
  }
  if (status >= 500 || worthRetrying.has(status)) {
    return new ProviderFailure('unavailable', answer, { status, retryAfterMs })
  }
  // Providers repeat part of the key in these messages.
  if (status === 401) return new ProviderFailure('denied', 'HTTP 401: the key is not accepted.', { status })
  return new ProviderFailure(aboutTheTexts.has(status) ? 'rejected' : 'denied', answer, { status })
}

/** OpenAI also replies 429 to an account without credit; waiting doesn't help then. */
function isOutOfCredit(body: unknown): boolean {
  return typeof body === 'string' && /"(?:code|type)"\s*:\s*"insufficient_quota"/.test(body)
}

function networkReason(error: SdkError, otherwise: string): string {
  const code = error.cause?.cause?.code ?? error.cause?.code
  return typeof code === 'string' ? `The connection failed (${code}).` : otherwise
}

const longestReason = 300

/** Without the key, whole or masked, and short enough for one line. */
export function withoutSecrets(reason: string, secrets: readonly (string | undefined)[]): string {
  let clean = reason
  for (const secret of secrets) {
    if (secret !== undefined && secret.length > 0) clean = clean.replaceAll(secret, '[key]')
  }
  clean = clean
    .replace(/\b(?:sk|pa|key)-[\w*.-]{4,}/g, '[key]')
    .replace(/\s+/g, ' ')
    .trim()
  return clean.length > longestReason ? `${clean.slice(0, longestReason)}…` : clean
}
