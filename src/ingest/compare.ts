import type { ChunkId, ChunkText, DocumentId } from '../core/document.ts'
import { type ChunkRow, chunksOfDocument } from '../store/chunks.ts'
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

export async function compareDocuments(
  deps: EmbedDeps,
  documents: readonly PreparedDocument[],
  models: readonly Model[],
): Promise<readonly Change[]> {
  const { db, layout } = deps
  const sources = documents.flatMap((document) => (document.source === null ? [] : [document.source]))
  const known = await documentsBySource(db, layout, sources)
  const find = (document: PreparedDocument) =>
    document.source === null ? undefined : known.get(document.source)

  const same = documents.flatMap((document) => {
    const found = find(document)
    return found?.contentHash === document.contentHash ? [found.id] : []
  })
  const lacking = new Set<DocumentId>()
  for (const model of models) {
    for (const id of await documentsLackingVectors(db, layout, model, same)) lacking.add(id)
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
        : matchChunks(await chunksOfDocument(db, layout, id), document.chunks)
    changes.push({ document, id, previousHash, ...matched, complete: false })
  }
  return changes
}

/** Chunks with equal text are the same chunk, in order, wherever they moved to. */
export function matchChunks(
  before: readonly ChunkRow[],
  after: readonly ChunkText[],
): Pick<Change, 'kept' | 'added' | 'removed'> {
  const free = new Map<string, ChunkRow[]>()
  for (const row of before) {
    const same = free.get(row.content)
    if (same === undefined) free.set(row.content, [row])
    else same.push(row)
  }
  const kept: (ChunkText & { id: ChunkId })[] = []
  const added: ChunkText[] = []
  for (const chunk of after) {
    const row = free.get(chunk.content)?.shift()
    if (row === undefined) added.push(chunk)
    else kept.push({ ...chunk, id: row.id })
  }
  return { kept, added, removed: [...free.values()].flat().map((row) => row.id) }
}
