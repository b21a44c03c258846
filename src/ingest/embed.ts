import { RevectorError } from '../core/errors.ts'
import { embedTexts } from '../embedding/embed-texts.ts'
import type { EmbedDeps, StoreDeps } from '../store/deps.ts'
import { hashesWithVector } from '../store/embeddings.ts'
import { chunksWithVector } from '../store/presence.ts'
import type { Model } from '../wire/model.ts'
import type { Change } from './compare.ts'
import type { Targets } from './targets.ts'
import type { WriteOptions } from './write-options.ts'

/** The vectors that one model made for a batch of documents. */
export interface Made {
  readonly model: Model
  /** By content hash. Texts whose vector is already in the database are not included. */
  readonly vectors: ReadonlyMap<string, Float32Array>
  /** By content hash: texts that this model can't embed. */
  readonly refused: ReadonlyMap<string, RevectorError>
}

/**
 * The vectors already embedded for one write, by model id and content hash: a write that is computed again
 * embeds no text twice.
 */
export type Paid = Map<number, Map<string, Float32Array>>

/**
 * Embeds, once each, the texts of a batch that the model has no vector for.
 *
 * @returns null if an optional model failed: the chunks are then pending for it
 * @throws RevectorError of the required model, INTERRUPTED
 */
export async function embedChanges(
  deps: EmbedDeps,
  model: Model,
  changes: readonly Change[],
  context: { readonly targets: Targets; readonly options: WriteOptions; readonly paid: Paid },
): Promise<Made | null> {
  const { targets, options } = context
  if (options.failing.has(model.id)) return null
  const vectors = context.paid.get(model.id) ?? new Map<string, Float32Array>()
  context.paid.set(model.id, vectors)
  let refused: Made['refused'] = new Map()
  const wanted = new Map(
    [...(await textsWanted(deps, model, changes))].filter(([hash]) => !vectors.has(hash)),
  )
  if (wanted.size === 0) return { model, vectors, refused }
  const tell = (doneTexts: number) =>
    options.onProgress?.({
      type: 'ingest.embedding',
      model: model.modelName,
      totalTexts: wanted.size,
      doneTexts,
    })
  try {
    // A model may take seconds to load.
    tell(0)
    const opened = await deps.models.open(model)
    const made = await embedTexts(opened, wanted, { signal: options.signal, onEmbedded: tell })
    for (const [hash, vector] of made.vectors) vectors.set(hash, vector)
    refused = made.refused
  } catch (error) {
    if (model.id === targets.required.id || !(error instanceof RevectorError)) throw error
    if (error.code === 'INTERRUPTED') throw error
    options.failing.add(model.id)
    warnPending(model, error, options)
    return null
  }
  const [first] = refused.values()
  if (first !== undefined && model.id !== targets.required.id) warnPending(model, first, options)
  return { model, vectors, refused }
}

function warnPending(model: Model, error: RevectorError, { onProgress }: WriteOptions): void {
  onProgress?.({
    type: 'warning',
    message: `${model.modelName} could not embed these documents, which are pending for it: ${error.message}`,
  })
}

/** Texts by content hash. */
async function textsWanted(
  { db, layout }: StoreDeps,
  model: Model,
  changes: readonly Change[],
): Promise<ReadonlyMap<string, string>> {
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
