import { ProviderFailure } from '../hosted/failure.ts'
import { toFailure, withoutSecrets } from '../hosted/sdk-failure.ts'

const unreadable: ReadonlySet<unknown> = new Set(['AI_JSONParseError', 'AI_TypeValidationError'])

/**
 * Why a stream ended early: an error of the SDK, of the connection, or one that the provider sent in the
 * stream.
 */
export function streamFailure(thrown: unknown, secrets: readonly (string | undefined)[]): ProviderFailure {
  if (thrown instanceof ProviderFailure) return thrown
  const error = (typeof thrown === 'object' && thrown !== null ? thrown : { message: thrown }) as {
    readonly name?: unknown
    readonly message?: unknown
    readonly code?: unknown
    readonly type?: unknown
  }
  if (unreadable.has(error.name))
    return new ProviderFailure('garbled', 'A piece of the reply is not valid JSON.')
  // The SDK's error for some providers when a stream ends without a finish reason.
  if (error.name === 'AI_InvalidResponseDataError') {
    return new ProviderFailure('unavailable', 'The reply broke off.')
  }
  if (typeof error.name === 'string' && error.name.startsWith('AI_')) return toFailure(thrown, secrets)
  if (thrown instanceof Error) return new ProviderFailure('unavailable', 'The reply broke off.')
  const reason = withoutSecrets(String(error.message ?? 'no reason given'), secrets)
  const limited = [error.code, error.type].some((sign) => /^429$|rate_limit/.test(String(sign)))
  return new ProviderFailure(limited ? 'limited' : 'unavailable', `The provider ended its reply: ${reason}`)
}
