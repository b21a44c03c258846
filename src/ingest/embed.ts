import type { ChunkId } from '../core/document.ts'
import { RevectorError } from '../core/errors.ts'
import { inPieces, takingTurns } from '../core/turns.ts'
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
 * The vectors that need not be made for one write, by model id and content hash: those that the caller has given, and those
 * already embedded, so that a write that is computed again embeds no text twice.
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
  const failing = options.failing.has(model.id)
  if (failing && !context.paid.has(model.id)) return null
  const vectors = context.paid.get(model.id) ?? new Map<string, Float32Array>()
  context.paid.set(model.id, vectors)
  let refused: Made['refused'] = new Map()
  const wanted = await textsWanted(deps, model, changes)
  for (const hash of vectors.keys()) wanted.delete(hash)
  if (wanted.size === 0 || failing) return { model, vectors, refused }
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
    // What the caller has given is stored nevertheless.
    return vectors.size === 0 ? null : { model, vectors, refused }
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

/** Ids or hashes of one statement: a long document has a hundred thousand. */
const idsAtOnce = 5_000

/** Texts by content hash. */
async function textsWanted(
  { db, layout }: StoreDeps,
  model: Model,
  changes: readonly Change[],
): Promise<Map<string, string>> {
  const keptIds = changes.flatMap((change) => change.kept.map((chunk) => chunk.id))
  const present = new Set<ChunkId>()
  for (const piece of inPieces(keptIds, idsAtOnce)) {
    for (const id of await chunksWithVector(db, layout, model, piece)) present.add(id)
  }
  const texts = new Map<string, string>()
  const pause = takingTurns()
  for (const { kept, added } of changes) {
    for (const chunk of added) texts.set(chunk.contentHash, chunk.content)
    await pause()
    for (const [i, chunk] of kept.entries()) {
      if (i % 100 === 0) await pause()
      if (!present.has(chunk.id)) texts.set(chunk.contentHash, chunk.content)
    }
  }
  for (const piece of inPieces([...texts.keys()], idsAtOnce)) {
    for (const hash of await hashesWithVector(db, layout, model, piece)) texts.delete(hash)
  }
  return texts
}
