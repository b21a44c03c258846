import type { ChunkId, ChunkText, DocumentId } from '../core/document.ts'
import { takingTurns } from '../core/turns.ts'
import { type ChunkHash, chunkHashes } from '../store/chunks.ts'
import type { EmbedDeps } from '../store/deps.ts'
import { documentsBySource } from '../store/documents.ts'
import { documentsLackingVectors } from '../store/presence.ts'
import type { Model } from '../wire/model.ts'
import type { PreparedDocument } from './prepare.ts'

/** What a write changes of one document. */
export interface Change {
  readonly document: PreparedDocument
  /** Null: the document is new. */
  readonly id: DocumentId | null
  readonly previousHash: string | null
  /** Chunks that stay, with their new positions. */
  readonly kept: readonly (ChunkText & { readonly id: ChunkId })[]
  readonly added: readonly ChunkText[]
  readonly removed: readonly ChunkId[]
  /** Nothing to write: the document is the same, and no model lacks a vector of it. */
  readonly complete: boolean
}

/** `extras` are models that only get the vectors that documents were given. */
export async function compareDocuments(
  deps: EmbedDeps,
  documents: readonly PreparedDocument[],
  models: readonly Model[],
  extras: readonly Model[] = [],
): Promise<readonly Change[]> {
  const { db, layout } = deps
  const sources = documents.flatMap((document) => (document.source === null ? [] : [document.source]))
  const known = await documentsBySource(db, layout, sources)
  const find = (document: PreparedDocument) =>
    document.source === null ? undefined : known.get(document.source)

  const same = documents.flatMap((document) => {
    const found = find(document)
    return found?.contentHash === document.contentHash ? [{ id: found.id, document }] : []
  })
  const lacking = new Set<DocumentId>()
  for (const model of [...models, ...extras]) {
    const asked = same.filter(({ document }) => models.includes(model) || hasVectorsOf(document, model))
    const ids = asked.map(({ id }) => id)
    for (const id of await documentsLackingVectors(db, layout, model, ids)) lacking.add(id)
  }

  const changes: Change[] = []
  for (const document of documents) {
    const found = find(document)
    const id = found?.id ?? null
    const previousHash = found?.contentHash ?? null
    if (id !== null && previousHash === document.contentHash && !lacking.has(id)) {
      changes.push({ document, id, previousHash, kept: [], added: [], removed: [], complete: true })
      continue
    }
    const matched =
      id === null
        ? { kept: [], added: document.chunks, removed: [] }
        : await matchChunks(await chunkHashes(db, layout, id), document.chunks)
    changes.push({ document, id, previousHash, ...matched, complete: false })
  }
  return changes
}

const hasVectorsOf = ({ given = [] }: PreparedDocument, { id }: Model): boolean =>
  given.some(({ modelId }) => modelId === id)

/** Chunks with equal text are the same chunk, in order, wherever they moved to. Others are answered in between. */
async function matchChunks(
  before: readonly ChunkHash[],
  after: readonly ChunkText[],
): Promise<Pick<Change, 'kept' | 'added' | 'removed'>> {
  const pause = takingTurns()
  const rows = new Map<string, { readonly ids: ChunkId[]; used: number }>()
  for (const [i, row] of before.entries()) {
    if (i % 100 === 0) await pause()
    const same = rows.get(row.hash)
    if (same === undefined) rows.set(row.hash, { ids: [row.id], used: 0 })
    else same.ids.push(row.id)
  }
  const kept: (ChunkText & { id: ChunkId })[] = []
  const added: ChunkText[] = []
  for (const [i, chunk] of after.entries()) {
    if (i % 100 === 0) await pause()
    const same = rows.get(chunk.contentHash)
    const id = same?.ids[same.used]
    if (same === undefined || id === undefined) added.push(chunk)
    else {
      // Counted, not taken out: taking the first of a hundred thousand moves all the others.
      same.used += 1
      kept.push({ ...chunk, id })
    }
  }
  return { kept, added, removed: [...rows.values()].flatMap(({ ids, used }) => ids.slice(used)) }
}

/**
 * Only vectors are missing. The same text may still be split differently, if the options of splitting have
 * changed.
 */
export function isAsItWas({ document, previousHash, added, removed }: Change): boolean {
  return previousHash === document.contentHash && added.length === 0 && removed.length === 0
}
