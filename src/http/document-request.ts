import type * as z from 'zod'
import type { Revector } from '../library/revector.ts'
import type { addDocuments } from './contract/documents.ts'

type NewDocument = Parameters<Revector['ingestion']['ingestDocument']>[0]

/** The document of a body, as the library takes it. */
export function documentRequest(
  body: z.output<typeof addDocuments.body>,
  { signal, owner }: Pick<NewDocument, 'signal' | 'owner'>,
): NewDocument {
  const { title, content, source, mediaType, metadata, model } = body
  return { title, content, signal, owner, source, mediaType, metadata, embeddingModel: model }
}
