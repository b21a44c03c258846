import { ident, type Sql } from '../postgres/sql.ts'
import { type IdType, type Layout, tableOf } from '../schema/layout.ts'

/** The names of a table as this database spells them, quoted, so that statements read as SQL. */
type Named<Names> = { readonly [Name in Exclude<keyof Names, 'idType'>]: Sql } & { readonly idType: IdType }

export type DocumentColumns = Named<Layout['documents']>
export type ChunkColumns = Named<Layout['chunks']>

// A layout is read once and lives as long as its database; otherwise a search would quote these names five
// times.
const named = new WeakMap<Layout, { readonly documents: DocumentColumns; readonly chunks: ChunkColumns }>()

export const documentColumns = (layout: Layout): DocumentColumns => namesOf(layout).documents

export const chunkColumns = (layout: Layout): ChunkColumns => namesOf(layout).chunks

function namesOf(layout: Layout) {
  const known = named.get(layout) ?? { documents: quoted(layout.documents), chunks: quoted(layout.chunks) }
  named.set(layout, known)
  return known
}

function quoted<Names extends Layout['documents'] | Layout['chunks']>({ table, idType, ...columns }: Names) {
  const names = Object.entries(columns).map(([name, column]) => [name, ident(String(column))])
  return { ...Object.fromEntries(names), table: tableOf(table), idType } as Named<Names>
}
