import { counted } from '../../core/counted.ts'
import { RevectorError } from '../../core/errors.ts'
import type { Distance, ModelSpec } from '../../wire/model.ts'
import type { FirstModel } from './record.ts'

/** The only dimension for which a model is assumed if none is named: the guide's "before". */
const guideDimension = 1536

/**
 * The model that made the old vectors, as a full specification; null if the table is empty and no model was
 * named.
 * Its distance is the old index's, if there is one.
 *
 * @throws RevectorError UPGRADE_MODEL_UNKNOWN, MODEL_DIMENSION_CONFLICT
 */
export function firstModel(
  named: FirstModel | undefined,
  found: { readonly dimension: number; readonly rows: number; readonly indexed: Distance | null },
): ModelSpec | null {
  const { dimension, rows, indexed } = found
  if (named === undefined) {
    if (dimension === guideDimension)
      return specify({ modelName: 'text-embedding-ada-002', provider: 'openai' }, dimension, indexed)
    if (rows === 0) return null
    throw new RevectorError(
      'UPGRADE_MODEL_UNKNOWN',
      `Revector does not know which model made the ${counted(rows, 'vector')} of ${counted(dimension, 'dimension')} in chunk_embeddings.`,
      { hint: 'Specify it: revector db run --model NAME.', data: { dimension, rows } },
    )
  }
  if (named.dimension !== undefined && named.dimension !== dimension) {
    throw new RevectorError(
      'MODEL_DIMENSION_CONFLICT',
      `Model exists with different dimension: "${named.modelName}" makes ${named.dimension}, the column has ${dimension}.`,
      {
        hint: `Specify the model that made the vectors of ${dimension} dimensions.`,
        data: { model: named.modelName, registered: named.dimension, requested: dimension },
      },
    )
  }
  return specify(named, dimension, indexed)
}

/** A model by what is known of it; where it can be asked may be told later. */
export function specify(named: FirstModel, dimension: number, indexed: Distance | null): ModelSpec {
  return {
    modelName: named.modelName,
    dimension,
    provider: named.provider ?? 'openai-compatible',
    remoteName: named.remoteName ?? named.modelName,
    revision: named.revision ?? '',
    pooling: named.pooling ?? '',
    normalize: named.normalize ?? false,
    documentPrefix: named.documentPrefix ?? '',
    queryPrefix: named.queryPrefix ?? '',
    distance: indexed ?? named.distance ?? 'cosine',
    baseUrl: named.baseUrl ?? null,
  }
}
