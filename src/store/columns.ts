import { ident, type Sql } from '../postgres/sql.ts'
import { type IdType, type Layout, tableOf } from '../schema/layout.ts'

/** The names of a table as this database spells them, quoted, so that statements read as SQL. */
type Named<Columns, Kept extends keyof Columns> = { readonly [Name in Exclude<keyof Columns, Kept>]: Sql } & {
  readonly idType: IdType
}

export type DocumentColumns = Named<Layout['documents'], 'idType'>
export type ChunkColumns = Named<Layout['chunks'], 'idType'>

// A layout is read once and lives as long as its database; otherwise a search would quote these names five
// times.
const documentNames = new WeakMap<Layout, DocumentColumns>()
const chunkNames = new WeakMap<Layout, ChunkColumns>()

export function documentColumns(layout: Layout): DocumentColumns {
  const known = documentNames.get(layout) ?? nameDocuments(layout)
  documentNames.set(layout, known)
  return known
}

export function chunkColumns(layout: Layout): ChunkColumns {
  const known = chunkNames.get(layout) ?? nameChunks(layout)
  chunkNames.set(layout, known)
  return known
}

function nameDocuments({ documents }: Layout): DocumentColumns {
  return {
    table: tableOf(documents.table),
    id: ident(documents.id),
    idType: documents.idType,
    title: ident(documents.title),
    content: ident(documents.content),
    source: ident(documents.source),
    mediaType: ident(documents.mediaType),
    contentHash: ident(documents.contentHash),
    metadata: ident(documents.metadata),
    createdAt: ident(documents.createdAt),
    updatedAt: ident(documents.updatedAt),
  }
}

function nameChunks({ chunks }: Layout): ChunkColumns {
  return {
    table: tableOf(chunks.table),
    id: ident(chunks.id),
    idType: chunks.idType,
    documentId: ident(chunks.documentId),
    content: ident(chunks.content),
    position: ident(chunks.position),
    contentHash: ident(chunks.contentHash),
    startOffset: ident(chunks.startOffset),
    endOffset: ident(chunks.endOffset),
    headingPath: ident(chunks.headingPath),
    page: ident(chunks.page),
    tokenCount: ident(chunks.tokenCount),
  }
}
