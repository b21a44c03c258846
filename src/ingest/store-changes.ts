import type { ChunkId, DocumentId } from '../core/document.ts'
import { inPieces, takingTurns } from '../core/turns.ts'
import type { Queryable } from '../postgres/database.ts'
import type { Layout } from '../schema/layout.ts'
import { deleteChunks, insertChunks, moveChunks } from '../store/chunks.ts'
import { insertDocuments, updateDocument } from '../store/documents.ts'
import { type ChunkVector, copyVectorsOfSameContent, fillVectors, putVectors } from '../store/embeddings.ts'
import { chunksWithVector } from '../store/presence.ts'
import { type Change, isAsItWas } from './compare.ts'
import type { Made } from './embed.ts'

/*
 * A batch of documents is a few statements; a long document has a hundred thousand chunks, and one statement with all of them
 * would keep the process from answering while it is put together. So it becomes several.
 */

/** Chunks of one statement. */
const rowsAtOnce = 1_000
/** Ids of one statement. */
const idsAtOnce = 5_000
/** Numbers of vectors in one statement: 1.6 MB. */
const numbersAtOnce = 400_000

export interface Wanting {
  readonly id: ChunkId
  readonly contentHash: string
  /** Chunks that this transaction wrote: no model can have a vector of them. */
  readonly fresh: boolean
}

/** The rows of the documents and their chunks, except those that are deleted. */
export async function writeChanges(
  tx: Queryable,
  layout: Layout,
  changes: readonly Change[],
): Promise<{ readonly written: ReadonlyMap<Change, DocumentId>; readonly wanting: readonly Wanting[] }> {
  const fresh = changes.filter((change) => change.id === null)
  const freshIds = await insertDocuments(
    tx,
    layout,
    fresh.map((change) => change.document),
  )
  const written = new Map<Change, DocumentId>(fresh.map((change, i) => [change, freshIds[i] ?? '']))
  const changed: Change[] = [...fresh]
  for (const change of changes) {
    if (change.id === null) continue
    written.set(change, change.id)
    if (isAsItWas(change)) continue
    await updateDocument(tx, layout, change.id, change.document)
    changed.push(change)
  }
  const kept = changed.flatMap((change) => change.kept)
  for (const piece of inPieces(kept, rowsAtOnce)) await moveChunks(tx, layout, piece)
  const added = changed.flatMap((change) => change.added)
  const owners = changed.flatMap((change) => change.added.map(() => written.get(change) ?? ''))
  const addedIds = await inStatements(added, rowsAtOnce, (piece, at) =>
    insertChunks(
      tx,
      layout,
      piece.map((chunk, i) => ({ ...chunk, documentId: owners[at + i] ?? '' })),
    ),
  )
  return {
    written,
    wanting: [
      ...changes.flatMap(({ kept }) =>
        kept.map(({ id, contentHash }) => ({ id, contentHash, fresh: false })),
      ),
      ...added.map(({ contentHash }, i) => ({ id: addedIds[i] ?? '', contentHash, fresh: true })),
    ],
  }
}

/** @returns whether every chunk now has a vector of the model */
export async function storeVectors(
  tx: Queryable,
  layout: Layout,
  { model, vectors }: Made,
  wanting: readonly Wanting[],
): Promise<boolean> {
  const ids = wanting.flatMap((chunk) => (chunk.fresh ? [] : [chunk.id]))
  const present = new Set<ChunkId>()
  for (const piece of inPieces(ids, idsAtOnce)) {
    for (const id of await chunksWithVector(tx, layout, model, piece)) present.add(id)
  }
  const toCopy: ChunkId[] = []
  const items: ChunkVector[] = []
  /** Of chunks that were there before: another session may have changed their text since it was read. */
  const kept: ChunkVector[] = []
  const pause = takingTurns()
  for (const [i, { id, contentHash, fresh }] of wanting.entries()) {
    if (i % 100 === 0) await pause()
    if (present.has(id)) continue
    const vector = vectors.get(contentHash)
    if (vector === undefined) toCopy.push(id)
    else (fresh ? items : kept).push({ chunkId: id, vector, textHash: contentHash })
  }
  const length = Math.min(rowsAtOnce, Math.ceil(numbersAtOnce / model.dimension))
  for (const piece of inPieces(items, length)) await putVectors(tx, layout, model, piece)
  for (const piece of inPieces(kept, length)) await fillVectors(tx, layout, model, piece)
  const copied = await inStatements(toCopy, rowsAtOnce, (piece) =>
    copyVectorsOfSameContent(tx, layout, model, piece),
  )
  const keptIds = kept.map(({ chunkId }) => chunkId)
  return copied.length === toCopy.length && (await countPresent(tx, layout, model, keptIds)) === kept.length
}

async function countPresent(
  tx: Queryable,
  layout: Layout,
  model: Made['model'],
  ids: readonly ChunkId[],
): Promise<number> {
  let present = 0
  for (const piece of inPieces(ids, idsAtOnce)) {
    present += (await chunksWithVector(tx, layout, model, piece)).size
  }
  return present
}

/** With every model's vectors. */
export async function removeChunks(tx: Queryable, layout: Layout, ids: readonly ChunkId[]): Promise<void> {
  for (const piece of inPieces(ids, idsAtOnce)) await deleteChunks(tx, layout, piece)
}

/** What several statements gave, in the order of the items. */
async function inStatements<Item, Row>(
  items: readonly Item[],
  length: number,
  run: (piece: readonly Item[], at: number) => Promise<readonly Row[]>,
): Promise<readonly Row[]> {
  const rows: Row[] = []
  let at = 0
  for (const piece of inPieces(items, length)) {
    for (const row of await run(piece, at)) rows.push(row)
    at += piece.length
  }
  return rows
}
