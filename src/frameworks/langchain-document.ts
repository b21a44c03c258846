import { Document } from '@langchain/core/documents'
import type { Hit } from '../wire/search.ts'

/** Tells the ids that LangChain gives from the paths and URLs of other documents. */
const prefix = 'langchain:'

export const sourceOfId = (id: string): string => `${prefix}${id}`

/**
 * A hit as LangChain's document: one that LangChain added has the id and metadata it was added with; of any other, the id is
 * that of its chunk, and the metadata says where the text is from.
 */
export function documentOf(hit: Hit): Document {
  const { chunkId, documentId, content: pageContent, source, title, page, headingPath } = hit
  if (source?.startsWith(prefix)) {
    return new Document({ id: source.slice(prefix.length), pageContent, metadata: { ...hit.metadata } })
  }
  const from = {
    documentId,
    title,
    source,
    headingPath: [...headingPath],
    ...(page === null ? {} : { page }),
  }
  return new Document({ id: chunkId, pageContent, metadata: { ...from, ...hit.metadata } })
}

/** What the metadata calls it, else where it is from, else how the text begins. */
export function titleOf(pageContent: string, metadata: Readonly<Record<string, unknown>> = {}): string {
  for (const key of ['title', 'source']) {
    const value = metadata[key]
    if (typeof value === 'string' && value.trim() !== '') return oneLine(value)
  }
  const beginning = oneLine(String(pageContent).slice(0, 400))
  return beginning === '' ? 'Untitled' : beginning
}

function oneLine(text: string): string {
  const line = text.replaceAll('\0', '').replace(/\s+/g, ' ').trim()
  return line.length <= 80 ? line : `${line.slice(0, 79).trimEnd()}…`
}
