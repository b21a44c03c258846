import type { DocumentId } from '../core/document.ts'
import {
  type DocumentPage,
  documentEmbeddings,
  documentPage,
  readDocument,
  removeDocument,
} from '../documents/documents.ts'
import { type RemoveDocuments, removeDocuments } from '../documents/remove-documents.ts'
import { readingAs } from '../store/database-as.ts'
import type { StoreDeps } from '../store/deps.ts'
import type { DocumentEmbeddings, DocumentSummary, StoredDocument } from '../wire/document.ts'
import type { SearchAs } from '../wire/search-as.ts'
import type { Runtime } from './runtime.ts'

export interface ReadAs {
  /** Whose documents are read: a database role with settings, under which row level security holds. */
  readonly as?: SearchAs
}

/** `revector.documents`. */
export interface Documents {
  list(
    options?: DocumentPage & ReadAs,
  ): Promise<{ readonly documents: readonly DocumentSummary[]; readonly next: string | null }>
  get(id: DocumentId, options?: ReadAs): Promise<StoredDocument>
  embeddings(id: DocumentId, options?: ReadAs): Promise<DocumentEmbeddings>
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
  async function reading(as: SearchAs | undefined): Promise<StoreDeps> {
    const deps = await opened()
    return as === undefined ? deps : readingAs(deps, as)
  }

  return {
    list: async ({ as, ...page } = {}) => documentPage(await reading(as), page),
    get: async (id, { as } = {}) => readDocument(await reading(as), id),
    embeddings: async (id, { as } = {}) => documentEmbeddings(await reading(as), id),
    remove: async (id) => removeDocument(await opened('service'), id),
    removeAll: async (which) => removeDocuments(await opened('service'), which),
  }
}
