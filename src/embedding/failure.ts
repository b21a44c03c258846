import { type ErrorCode, RevectorError } from '../core/errors.ts'
import type { ModelSpec } from '../core/model.ts'
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

/** The error users see. `index`: the place of the one text it belongs to. */
export function refusal(
  failure: ProviderFailure,
  spec: ModelSpec,
  details: { attempts?: number; index?: number } = {},
): RevectorError {
  const { attempts = 1, index } = details
  const tries = attempts > 1 ? ` after ${attempts} attempts` : ''
  const place = index === undefined ? '' : ` (text ${index})`
  return new RevectorError(
    codes[failure.kind],
    `${spec.provider} failed to embed with ${spec.modelName}${place}${tries}: ${failure.message}`,
    {
      hint: hintFor(failure, spec),
      data: {
        model: spec.modelName,
        provider: spec.provider,
        status: failure.status,
        attempts,
        ...(index === undefined ? {} : { index }),
      },
    },
  )
}

function hintFor(failure: ProviderFailure, spec: ModelSpec): string {
  const keys = keyNames[spec.provider].join(' or ')
  switch (failure.kind) {
    case 'limited':
      return 'Wait and run it again, or set lower requests and tokens per minute for this model.'
    case 'unavailable':
      return spec.baseUrl === null
        ? 'Check the network and the status page of the provider, then run it again.'
        : `Check that the server at ${hostOf(spec.baseUrl)} runs and answers, then run it again.`
    case 'denied':
      if (failure.status === 404) {
        return `Check that the provider has a model named ${spec.remoteName}, and the base URL.`
      }
      return keys === ''
        ? 'Check what the provider is allowed to use.'
        : `Check the key in ${keys}, and what its account may use.`
    case 'rejected':
      return 'Look at the text named here: the provider refuses it.'
    case 'garbled':
    case 'invalid':
      return 'Check that the endpoint serves this model; nothing of this reply was stored.'
  }
}

/** Only the host: a URL may carry a user and a password. */
export function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : 'the given base URL'
}
