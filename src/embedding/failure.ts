import type { RevectorError } from '../core/errors.ts'
import { type ProviderFailure, providerError } from '../hosted/failure.ts'
import type { ModelSpec } from '../wire/model.ts'

/** The error users see. `index`: the place of the one text it belongs to. */
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
    hints: { rejected: 'Look at the text named here: the provider refuses it.' },
  })
}
