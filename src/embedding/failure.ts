import type { RevectorError } from '../core/errors.ts'
import { type ProviderFailure, providerError } from '../hosted/failure.ts'
import type { ModelSpec } from '../wire/model.ts'

/** The error that users see. `index`: the position of the text it belongs to. */
export function refusal(
  failure: ProviderFailure,
  spec: ModelSpec,
  details: { attempts?: number; index?: number } = {},
): RevectorError {
  const { attempts = 1, index } = details
  return providerError(failure, spec, {
    verb: 'embed',
    attempts,
    ...(index === undefined ? {} : { place: ` (text ${index})`, data: { index } }),
    hints: { rejected: 'Check the text named here: the provider rejects it.' },
  })
}
