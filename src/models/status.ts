import { hnswIndexOf } from '../schema/hnsw-index.ts'
import { countChunks } from '../store/chunks.ts'
import { countVectorsOfModels, coverageOf } from '../store/coverage.ts'
import type { StoreDeps } from '../store/deps.ts'
import { rereading } from '../store/missing-column.ts'
import { allModels, requireModel } from '../store/models.ts'
import type { Model, ModelSpace, ModelStatus } from '../wire/model.ts'

/** Every registered model, in the order of registration. Counts rows: some 10 ms for 100,000 chunks a model. */
export function listModels(deps: StoreDeps): Promise<readonly ModelStatus[]> {
  return rereading(() => countModels(deps))
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

async function countModels(deps: StoreDeps): Promise<readonly ModelStatus[]> {
  const models = await allModels(deps.db)
  const vectors = await countVectorsOfModels(deps.db, models)
  const chunks = await countChunks(deps.db, deps.layout)
  return Promise.all(
    models.map((model) => statusOf(deps, model, { chunks, vectors: vectors.get(model.id) ?? 0 })),
  )
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
