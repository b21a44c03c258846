import type { DocumentId, Metadata } from '../core/document.ts'
import type { OnProgress } from '../core/progress.ts'
import { requireOwnDocuments } from '../schema/attach/guards.ts'
import { bulkLoading } from '../schema/bulk-load.ts'
import type { Deps, EmbedDeps } from '../store/deps.ts'
import { checkText } from './check-document.ts'
import { prepareDocument } from './prepare.ts'
import { type WriteOptions, writeDocuments } from './write.ts'

export interface IngestDocument {
  readonly title: string
  readonly content: string
  /** The caller's identifier of the document: a path or URL. Ingesting it again replaces the document. */
  readonly source?: string
  /** Default: Markdown, which includes plain text. */
  readonly mediaType?: string
  readonly metadata?: Metadata
  /** Embed with this model only; if not set: with every written model. */
  readonly embeddingModel?: string
  /** Whose it is: while one owner's long texts are read, those of others are too. Default: this call's. */
  readonly owner?: string
  readonly signal?: AbortSignal
  readonly onProgress?: OnProgress
}

/**
 * Writes one text of the caller. If a document with this `source` exists, it is replaced.
 *
 * @throws RevectorError INVALID_INPUT, DOCUMENT_EMPTY, MODEL_UNKNOWN, of the provider; nothing is written then
 */
export async function ingestDocument(
  deps: EmbedDeps & Pick<Deps, 'parser'>,
  request: IngestDocument,
): Promise<DocumentId> {
  requireOwnDocuments(deps.layout)
  const { title, signal, onProgress } = request
  checkText('title', title)
  checkText('content', request.content)
  const parsed = await deps.parser.parse(
    { bytes: new TextEncoder().encode(request.content), mediaType: request.mediaType ?? 'text/markdown' },
    { signal, owner: request.owner },
  )
  const origin = { path: title, title, source: request.source ?? null, metadata: request.metadata }
  const prepared = prepareDocument(parsed, origin)
  const { documents } = await bulkLoading(
    deps.db,
    { signal, onProgress, limits: deps.buildLimits },
    ({ before }) => {
      const options: WriteOptions = {
        modelName: request.embeddingModel,
        failing: new Set(),
        beforeStoring: before,
        signal,
        onProgress,
      }
      return writeDocuments(deps, [prepared], options)
    },
  )
  const [written] = documents
  if (written === undefined) throw new Error(`${title} was not written`)
  if (written.outcome === 'failed') throw written.error
  return written.id
}
