import { counted } from '../../core/counted.ts'
import type { ChunkId } from '../../core/document.ts'
import { type ErrorData, RevectorError } from '../../core/errors.ts'
import type { Refused } from '../../store/quarantine.ts'

const refusals = ['PROVIDER_REFUSED', 'PROVIDER_REPLY_INVALID', 'INVALID_INPUT'] as const

function isRefusal(code: string): code is (typeof refusals)[number] {
  return refusals.some((one) => one === code)
}

/** An error that names the chunks a model can't embed: an operator has to deal with them. */
export function couldNotEmbed(
  modelName: string,
  {
    first,
    ids,
    count = ids.length,
    hint,
    data,
  }: {
    readonly first: Refused
    readonly ids: readonly ChunkId[]
    /** If `ids` are not all. */
    readonly count?: number
    readonly hint: string
    readonly data?: ErrorData
  },
): RevectorError {
  const some = `${ids.slice(0, 5).join(', ')}${count > 5 ? ', …' : ''}`
  return new RevectorError(
    isRefusal(first.code) ? first.code : 'PROVIDER_REFUSED',
    `"${modelName}" could not embed ${counted(count, 'chunk')} (${some}): ${first.reason}`,
    { hint, data: { model: modelName, chunk_ids: ids.slice(0, 100), chunks: count, ...data } },
  )
}
