import { hnswIndexOf } from '../schema/hnsw-index.ts'
import { countChunks } from '../store/chunks.ts'
import { countVectorsOfModels, coverageOf } from '../store/coverage.ts'
import type { StatusDeps, StoreDeps } from '../store/deps.ts'
import { countDocuments } from '../store/documents.ts'
import { rereading } from '../store/missing-column.ts'
import { allModels, requireModel } from '../store/models.ts'
import { countAnew } from '../store/remember.ts'
import type { Model, ModelSpace, ModelStatus } from '../wire/model.ts'

/** Every registered model, in the order of registration, with its counts (see `Remember`). */
export async function listModels(deps: StatusDeps): Promise<readonly ModelStatus[]> {
  return (await corpusStatus(deps)).models
}

export interface CorpusStatus {
  readonly models: readonly ModelStatus[]
  readonly documents: number
  readonly chunks: number
}

/** The registered models, and the corpus that their coverage refers to. */
export function corpusStatus(deps: StatusDeps): Promise<CorpusStatus> {
  const { db, layout, remember = countAnew } = deps
  return rereading(async () => {
    const models = await allModels(db)
    const { chunks, documents, vectors } = await remember(`corpus ${keyOf(models)}`, async () => ({
      vectors: await countVectorsOfModels(db, models),
      chunks: await countChunks(db, layout),
      documents: await countDocuments(db, layout),
    }))
    const counted = models.map((model) =>
      statusOf(deps, model, { chunks, vectors: vectors.get(model.id) ?? 0 }),
    )
    return { models: await Promise.all(counted), chunks, documents }
  })
}

/** A model that came, went or changed its state is counted at once. */
function keyOf(models: readonly Model[]): string {
  return models.map(({ id, state }) => `${id} ${state}`).join()
}

/** Counts the rows of this model only. @throws RevectorError MODEL_UNKNOWN */
export function modelSpace(deps: StoreDeps, modelName: string): Promise<ModelSpace> {
  return rereading(async () => {
    const model = await requireModel(deps.db, modelName)
    const vectors = await countVectorsOfModels(deps.db, [model])
    const chunks = await countChunks(deps.db, deps.layout)
    const counts = { chunks, vectors: vectors.get(model.id) ?? 0 }
    return { ...(await statusOf(deps, model, counts)), ...model }
  })
}

async function statusOf(
  deps: StoreDeps,
  model: Model,
  counts: { readonly chunks: number; readonly vectors: number },
): Promise<ModelStatus> {
  return {
    id: model.id,
    modelName: model.modelName,
    dimension: model.dimension,
    provider: model.provider,
    state: model.state,
    current: model.state === 'current',
    embeddings: counts.vectors,
    coverage: coverageOf(counts),
    index: await hnswIndexOf(deps.db, model),
    effort: model.effort,
  }
}
