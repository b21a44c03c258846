import type { DocumentId } from '../core/document.ts'
import {
  type DocumentPage,
  documentEmbeddings,
  documentPage,
  readDocument,
  removeDocument,
} from '../documents/documents.ts'
import { type RemoveDocuments, removeDocuments } from '../documents/remove-documents.ts'
import type { DocumentEmbeddings, DocumentSummary, StoredDocument } from '../wire/document.ts'
import type { Runtime } from './runtime.ts'

/** `revector.documents`. */
export interface Documents {
  list(
    options?: DocumentPage,
  ): Promise<{ readonly documents: readonly DocumentSummary[]; readonly next: string | null }>
  get(id: DocumentId): Promise<StoredDocument>
  embeddings(id: DocumentId): Promise<DocumentEmbeddings>
  remove(id: DocumentId): Promise<void>
  /**
   * Removes all documents that have one of the `sources` and match the `filter`, with their chunks and vectors; at least one
   * of both is needed. A few hundred at a time: if it fails, those before are gone, and calling it again goes on.
   *
   * @returns how many there were
   * @throws RevectorError INVALID_INPUT, INTERRUPTED, DATABASE_*
   */
  removeAll(which: RemoveDocuments): Promise<{ readonly removed: number }>
}

export function documentCalls({ opened }: Pick<Runtime, 'opened'>): Documents {
  return {
    list: async (page) => documentPage(await opened(), page),
    get: async (id) => readDocument(await opened(), id),
    embeddings: async (id) => documentEmbeddings(await opened(), id),
    remove: async (id) => removeDocument(await opened('service'), id),
    removeAll: async (which) => removeDocuments(await opened('service'), which),
  }
}
