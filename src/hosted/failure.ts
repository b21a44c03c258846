import { type ErrorCode, type ErrorData, RevectorError } from '../core/errors.ts'
import type { ProviderName } from '../core/model.ts'
import { entryFor } from './key-hosts.ts'
import { keyNames } from './keys.ts'

/**
 * `limited`: 429. `unavailable`: 408, 5xx, network, time-out. `denied`: the key, the model or the account.
 * `rejected`: this request, perhaps because of one of its texts. `garbled`: a reply that breaks off or is not
 * JSON. `invalid`: a well-formed reply that is not what was requested.
 */
export type FailureKind =
  | 'limited'
  | 'unavailable'
  | 'garbled'
  | 'denied'
  | 'rejected'
  | 'invalid'
  | 'thrown'
  | 'cut'

/**
 * Why one request failed. Holds nothing of the request itself: client libraries put headers, and with them the
 * key, into their errors, so those are never kept, not even as a cause.
 */
export class ProviderFailure extends Error {
  override readonly name = 'ProviderFailure'
  readonly kind: FailureKind
  readonly status: number | null
  /** The wait that the provider asked for, in ms. */
  readonly retryAfterMs: number | null
  /** Whether one text may be the cause, so that the others should be sent without it. */
  readonly mayBeOneText: boolean
  /** What users see, where it is not the usual error of the kind. */
  readonly shownAs: RevectorError | undefined

  constructor(
    kind: FailureKind,
    reason: string,
    details: {
      status?: number | null
      retryAfterMs?: number | null
      mayBeOneText?: boolean
      shownAs?: RevectorError
    } = {},
  ) {
    super(reason)
    this.kind = kind
    this.shownAs = details.shownAs
    this.mayBeOneText = details.mayBeOneText ?? kind === 'rejected'
    this.status = details.status ?? null
    this.retryAfterMs = details.retryAfterMs ?? null
  }
}

/**
 * How often a request is made at most, if the model's own limit is not lower. A reply that can't be right is either a
 * bad moment, which is over at the next attempt, or stays so.
 */
const mostAttempts: Record<FailureKind, number> = {
  limited: Number.POSITIVE_INFINITY,
  unavailable: Number.POSITIVE_INFINITY,
  garbled: Number.POSITIVE_INFINITY,
  invalid: 3,
  thrown: 3,
  denied: 1,
  rejected: 1,
  cut: 1,
}

export function mostAttemptsAfter(error: unknown): number {
  return error instanceof ProviderFailure ? mostAttempts[error.kind] : 1
}

const codes: Record<FailureKind, ErrorCode> = {
  limited: 'RATE_LIMITED',
  unavailable: 'PROVIDER_UNAVAILABLE',
  garbled: 'PROVIDER_REPLY_INVALID',
  denied: 'PROVIDER_REFUSED',
  rejected: 'PROVIDER_REFUSED',
  invalid: 'PROVIDER_REPLY_INVALID',
  thrown: 'PROVIDER_UNAVAILABLE',
  cut: 'PROVIDER_REPLY_INVALID',
}

/** The model that was called. */
export interface Asked {
  /** The model's name in Revector. */
  readonly modelName: string
  readonly provider: ProviderName
  /** The model's name at the provider. */
  readonly remoteName: string
  readonly baseUrl: string | null
}

/** The error that users see. `what`: what the model was to do, `embed` or `answer`. */
export function providerError(
  failure: ProviderFailure,
  asked: Asked,
  what: {
    readonly verb: string
    readonly attempts: number
    /** The text that it belongs to, in brackets. */
    readonly place?: string
    readonly data?: ErrorData
    /** What to do, if it is not the usual. */
    readonly hints: Partial<Record<FailureKind, string>>
  },
): RevectorError {
  if (failure.shownAs !== undefined) return failure.shownAs
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
      return 'Wait and try again, or set lower requests and tokens per minute for this model.'
    case 'unavailable':
      return asked.baseUrl === null
        ? 'Check the network and the status page of the provider, then try again.'
        : `Check that the server at ${hostOf(asked.baseUrl)} is running, then try again.`
    case 'denied':
      if (failure.status === 404) {
        return `Check that the provider has a model named ${asked.remoteName}, and check the base URL.`
      }
      if (asked.provider === 'openai-compatible' && asked.baseUrl !== null) {
        return `Check the key in ${keys}, what its account may use, and, for an embedding model, that REVECTOR_KEY_HOSTS (option keyHosts) names ${entryFor(asked.baseUrl)}.`
      }
      return keys === ''
        ? 'Check what the provider may access.'
        : `Check the key in ${keys}, and what its account may use.`
    case 'rejected':
    case 'garbled':
    case 'invalid':
    case 'thrown':
    case 'cut':
      return 'Check that the endpoint serves this model; nothing of this reply was stored.'
  }
}

/** Only the host: a URL may carry a user and a password. */
function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : 'the given base URL'
}
