import { ident, type Sql } from '../postgres/sql.ts'
import type { Distance } from '../wire/model.ts'

/** What naming a model's tables needs to know. */
export interface ModelSpace {
  readonly id: number
  readonly dimension: number
  readonly distance: Distance
}

/** The partitioned table over all models' tables. */
export const embeddingsTable = 'chunk_embeddings'

export function modelTableName(modelId: number): string {
  if (!Number.isInteger(modelId) || modelId < 0) throw new TypeError(`Not a model id: ${modelId}`)
  return `${embeddingsTable}_model_${modelId}`
}

/** The table of one model's vectors, quoted. Reads and writes of vectors name it, never its parent. */
export function modelTable(modelId: number): Sql {
  return ident(modelTableName(modelId))
}

/** The guide's name of an HNSW index, which the first model of a dimension has. */
export function hnswIndexName(dimension: number): string {
  return `idx_embeddings_hnsw_${dimension}`
}

/** The name of the further models of a dimension. */
export function hnswIndexNameOfModel(model: { readonly id: number; readonly dimension: number }): string {
  return `${hnswIndexName(model.dimension)}_model_${model.id}`
}
