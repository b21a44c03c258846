import { type ErrorCode, type ErrorData, RevectorError } from '../core/errors.ts'
import type { ProviderName } from '../core/model.ts'
import { keyNames } from './keys.ts'

/**
 * `limited`: 429. `unavailable`: 408, 5xx, network, time-out. `denied`: the key, the
 * model or the account. `rejected`: this request, perhaps because of one of its texts. `garbled`: a reply that
 * breaks off or is no JSON. `invalid`: a well-formed reply that isn't what was asked for.
 */
export type FailureKind = 'limited' | 'unavailable' | 'garbled' | 'denied' | 'rejected' | 'invalid'

/**
 * What went wrong with one request. Holds nothing of the request itself: client libraries put headers, and
 * with them the key, into their errors, so those are never kept, not even as a cause.
 */
export class ProviderFailure extends Error {
  override readonly name = 'ProviderFailure'
  readonly kind: FailureKind
  readonly status: number | null
  /** What the provider asked to wait, in ms. */
  readonly retryAfterMs: number | null
  /** Whether one text may be the cause, so that the others deserve a request without it. */
  readonly mayBeOneText: boolean

  constructor(
    kind: FailureKind,
    reason: string,
    details: { status?: number | null; retryAfterMs?: number | null; mayBeOneText?: boolean } = {},
  ) {
    super(reason)
    this.kind = kind
    this.mayBeOneText = details.mayBeOneText ?? kind === 'rejected'
    this.status = details.status ?? null
    this.retryAfterMs = details.retryAfterMs ?? null
  }
}

const retryable: ReadonlySet<FailureKind> = new Set(['limited', 'unavailable', 'garbled'])

export function isRetryable(error: unknown): error is ProviderFailure {
  return error instanceof ProviderFailure && retryable.has(error.kind)
}

const codes: Record<FailureKind, ErrorCode> = {
  limited: 'RATE_LIMITED',
  unavailable: 'PROVIDER_UNAVAILABLE',
  garbled: 'PROVIDER_REPLY_INVALID',
  denied: 'PROVIDER_REFUSED',
  rejected: 'PROVIDER_REFUSED',
  invalid: 'PROVIDER_REPLY_INVALID',
}

/** Who was asked. */
export interface Asked {
  /** As users name it. */
  readonly modelName: string
  readonly provider: ProviderName
  /** The provider's own name for it. */
  readonly remoteName: string
  readonly baseUrl: string | null
}

/** The error users see. `what`: what was asked of the model, `embed` or `answer`. */
export function providerError(
  failure: ProviderFailure,
  asked: Asked,
  what: {
    readonly verb: string
    readonly attempts: number
    /** Of the one text it belongs to, in brackets. */
    readonly place?: string
    readonly data?: ErrorData
    /** What to do, where it is not what is usual. */
    readonly hints: Partial<Record<FailureKind, string>>
  },
): RevectorError {
  const tries = what.attempts > 1 ? ` after ${what.attempts} attempts` : ''
  const message = `${asked.provider} failed to ${what.verb} with ${asked.modelName}${what.place ?? ''}${tries}: ${failure.message}`
  return new RevectorError(codes[failure.kind], message, {
    hint: what.hints[failure.kind] ?? hintFor(failure, asked),
    data: {
      model: asked.modelName,
      provider: asked.provider,
      status: failure.status,
      attempts: what.attempts,
      ...what.data,
    },
  })
}

function hintFor(failure: ProviderFailure, asked: Asked): string {
  const keys = keyNames[asked.provider].join(' or ')
  switch (failure.kind) {
    case 'limited':
      return 'Wait and run it again, or set lower requests and tokens per minute for this model.'
    case 'unavailable':
      return asked.baseUrl === null
        ? 'Check the network and the status page of the provider, then run it again.'
        : `Check that the server at ${hostOf(asked.baseUrl)} runs and answers, then run it again.`
    case 'denied':
      if (failure.status === 404) {
        return `Check that the provider has a model named ${asked.remoteName}, and the base URL.`
      }
      return keys === ''
        ? 'Check what the provider is allowed to use.'
        : `Check the key in ${keys}, and what its account may use.`
    case 'rejected':
    case 'garbled':
    case 'invalid':
      return 'Check that the endpoint serves this model; nothing of this reply was stored.'
  }
}

/** Only the host: a URL may carry a user and a password. */
function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : 'the given base URL'
}
