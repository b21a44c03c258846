import type { ChunkId, DocumentId } from '../core/document.ts'
import { RevectorError } from '../core/errors.ts'
import type { Database } from '../postgres/database.ts'
import { vacuumEmbedded } from '../postgres/vacuum.ts'
import { requireOwnDocuments } from '../schema/attach/guards.ts'
import type { Layout } from '../schema/layout.ts'
import { chunkIdsWithText, chunksOfDocument } from '../store/chunks.ts'
import { countDocumentVectors, coverageOf } from '../store/coverage.ts'
import type { StoreDeps } from '../store/deps.ts'
import { deleteDocuments, getDocument, listDocuments } from '../store/documents.ts'
import { rereading } from '../store/missing-column.ts'
import { allModels } from '../store/models.ts'
import { chunksWithVector } from '../store/presence.ts'
import type { DocumentEmbeddings, DocumentSummary, StoredDocument } from '../wire/document.ts'
import type { Model } from '../wire/model.ts'

export interface DocumentPage {
  /** 1 to 1,000; default 50. */
  readonly limit?: number
  /** The `next` of the page before. */
  readonly after?: DocumentId
  /** Part of the title or the source, in any case. */
  readonly query?: string
}

/** A page in the order of ids; `next` is the `after` of the page that follows, null on the last. */
export async function documentPage(
  { db, layout }: StoreDeps,
  { limit = 50, after, query }: DocumentPage = {},
): Promise<{ readonly documents: readonly DocumentSummary[]; readonly next: DocumentId | null }> {
  if (!Number.isInteger(limit) || limit < 1 || limit > 1_000) {
    throw new RevectorError('INVALID_INPUT', `A page has from 1 to 1000 documents, got ${limit}.`, {
      hint: 'Give a limit in this range.',
      data: { field: 'limit' },
    })
  }
  const rows = await listDocuments(db, layout, { limit: limit + 1, after, query })
  const documents = rows.slice(0, limit)
  return { documents, next: rows.length > limit ? (documents.at(-1)?.id ?? null) : null }
}

/** @throws RevectorError NOT_FOUND */
export async function readDocument({ db, layout }: StoreDeps, id: DocumentId): Promise<StoredDocument> {
  // On one snapshot: chunks of another content than the one beside them would have places that are not in it.
  const found = await db.transaction(
    async (tx) => {
      const row = await getDocument(tx, layout, id)
      return row && { ...row, chunkList: await chunksOfDocument(tx, layout, id) }
    },
    { isolation: 'repeatable read', readOnly: true },
  )
  if (found === null) throw unknownDocument(id)
  return found
}

/** @throws RevectorError NOT_FOUND */
export function documentEmbeddings(deps: StoreDeps, id: DocumentId): Promise<DocumentEmbeddings> {
  return rereading(() => readEmbeddings(deps, id))
}

async function readEmbeddings({ db, layout }: StoreDeps, id: DocumentId): Promise<DocumentEmbeddings> {
  const counted = await countDocumentVectors(db, layout, id)
  if (counted === null) throw unknownDocument(id)
  const texts = await chunkIdsWithText(db, layout, id)
  const models = await Promise.all(
    (await allModels(db)).map(async (model) => {
      const { modelName, dimension, state } = model
      const vectors = counted.vectors.get(model.id) ?? 0
      const coverage = coverageOf({ chunks: counted.chunks, vectors })
      const missing = vectors === counted.chunks ? [] : await missingOf(db, layout, model, { texts, vectors })
      return { modelName, dimension, state, embeddings: vectors, coverage, missing }
    }),
  )
  return { documentId: id, chunks: counted.chunks, models }
}

const missingLimit = 1_000

/** A retired model has no table, so none of its vectors is reported as missing. */
async function missingOf(
  db: Database,
  layout: Layout,
  model: Model,
  { texts, vectors }: { readonly texts: readonly ChunkId[]; readonly vectors: number },
): Promise<readonly ChunkId[]> {
  if (model.state === 'retired') return []
  if (vectors === 0) return texts.slice(0, missingLimit)
  const present = await chunksWithVector(db, layout, model, texts)
  return texts.filter((chunkId) => !present.has(chunkId)).slice(0, missingLimit)
}

/** With its chunks and every model's vectors. @throws RevectorError NOT_FOUND */
export async function removeDocument({ db, layout }: StoreDeps, id: DocumentId): Promise<void> {
  requireOwnDocuments(layout)
  const removed = await db.transaction((tx) => deleteDocuments(tx, layout, [id]))
  if (removed === 0) throw unknownDocument(id)
  await vacuumEmbedded(db)
}

export function unknownDocument(id: DocumentId): RevectorError {
  return new RevectorError('NOT_FOUND', `There is no document ${JSON.stringify(id)}.`, {
    hint: 'List the documents with `revector documents list`.',
    data: { document_id: id },
  })
}
