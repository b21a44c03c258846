import { RevectorError } from '../core/errors.ts'
import type { Model } from '../core/model.ts'
import { hashesWithVector } from '../store/embeddings.ts'
import { chunksWithVector } from '../store/presence.ts'
import type { Change } from './compare.ts'
import type { IngestParts } from './parts.ts'
import type { Targets } from './targets.ts'
import type { WriteOptions } from './write-options.ts'

/** What one model made for a batch of documents. */
export interface Made {
  readonly model: Model
  /** By content hash. A text whose vector is in the database already is not among them. */
  readonly vectors: ReadonlyMap<string, Float32Array>
}

/**
 * Embeds, once each, the texts of a batch that the model has no vector for.
 *
 * @returns null when a model that the write can do without failed: its vectors are owed
 * @throws RevectorError of the required model, INTERRUPTED
 */
export async function embedChanges(
  parts: IngestParts,
  model: Model,
  changes: readonly Change[],
  targets: Targets,
  options: WriteOptions,
): Promise<Made | null> {
  if (options.failing.has(model.id)) return null
  const wanted = await textsWanted(parts, model, changes)
  if (wanted.size === 0) return { model, vectors: new Map() }
  try {
    const opened = await parts.models.open(model)
    const { vectors } = await opened.embed([...wanted.values()], {
      kind: 'document',
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    })
    return { model, vectors: new Map([...wanted.keys()].map((hash, i) => [hash, vectorAt(vectors, i)])) }
  } catch (error) {
    if (model.id === targets.required.id || !(error instanceof RevectorError)) throw error
    if (error.code === 'INTERRUPTED') throw error
    options.failing.add(model.id)
    options.onProgress?.({
      type: 'warning',
      message: `${model.modelName} is owed the vectors of these documents: ${error.message}`,
    })
    return null
  }
}

/** Texts by content hash. */
async function textsWanted(
  parts: IngestParts,
  model: Model,
  changes: readonly Change[],
): Promise<ReadonlyMap<string, string>> {
  const { db, layout } = parts
  const keptIds = changes.flatMap((change) => change.kept.map((chunk) => chunk.id))
  const present = await chunksWithVector(db, layout, model, keptIds)
  const lacking = changes.flatMap((change) => [
    ...change.added,
    ...change.kept.filter((chunk) => !present.has(chunk.id)),
  ])
  const known = await hashesWithVector(db, layout, model, [
    ...new Set(lacking.map((chunk) => chunk.contentHash)),
  ])
  return new Map(
    lacking
      .filter((chunk) => !known.has(chunk.contentHash))
      .map((chunk) => [chunk.contentHash, chunk.content]),
  )
}

function vectorAt(vectors: readonly Float32Array[], i: number): Float32Array {
  const vector = vectors[i]
  if (vector === undefined)
    throw new Error(`The model gave ${vectors.length} vectors, the ${i + 1}th is missing`)
  return vector
}
