import { isRevectorError, RevectorError } from '../core/errors.ts'
import type { Effort, Model } from '../wire/model.ts'

/** What reading and writing a model's vectors needs to know of it. */
export type StoredSpace = Pick<Model, 'id' | 'modelName' | 'dimension' | 'distance'> & {
  /** How hard its HNSW index is searched, if that was measured. */
  readonly effort?: Pick<Effort, 'efSearch' | 'filterSurplus'> | null
}

const undefinedColumn = '42703'
const undefinedTable = '42P01'

/**
 * A registered model without its column or table: the registry was edited by hand, or the model has just been
 * removed.
 *
 * @throws RevectorError VECTOR_COLUMN_MISSING, or what `use` threw
 */
export async function explainingMissingColumn<T>(model: StoredSpace, use: () => Promise<T>): Promise<T> {
  try {
    return await use()
  } catch (error) {
    if (!isMissing(error)) throw error
    const column = `embedding_${model.dimension}`
    throw new RevectorError(
      'VECTOR_COLUMN_MISSING',
      `Column does not exist: ${column} for the model "${model.modelName}".`,
      {
        hint: 'Create it with `revector db setup-models`.',
        data: {
          model: model.modelName,
          dimension: model.dimension,
          column,
          command: 'revector db setup-models',
        },
        cause: error,
      },
    )
  }
}

/** Models that are removed during a read are dropped one at a time. */
const rereadings = 3

/**
 * Runs `read`, which looks for models and then into their tables; runs it again if one of them was dropped in
 * between.
 *
 * @throws what `read` throws
 */
export async function rereading<T>(read: () => Promise<T>): Promise<T> {
  for (let left = rereadings; ; left -= 1) {
    try {
      return await read()
    } catch (error) {
      if (left === 0 || !isGone(error)) throw error
    }
  }
}

/** Whether a statement failed because a table or column does not exist: it may just have been dropped. */
export function isGone(error: unknown): boolean {
  return isMissing(error) || isRevectorError(error, 'VECTOR_COLUMN_MISSING')
}

function isMissing(error: unknown): boolean {
  if (!(error instanceof RevectorError)) return false
  const { sqlstate } = error.data
  return sqlstate === undefinedColumn || sqlstate === undefinedTable
}
