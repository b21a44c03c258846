import { ident } from '../../postgres/sql.ts'
import { shortName } from '../catalog.ts'
import type { Layout } from '../layout.ts'
import type { Discovered } from './discover.ts'
import type { AddedIndex } from './record.ts'
import { isUnique, type TableFacts } from './table-facts.ts'

/** Indexes that Revector's statements need, if the owner's tables lack them. */
export function missingIndexes(found: Discovered, layout: Layout, createsDocuments: boolean): AddedIndex[] {
  const { chunks, chunkId, documents } = found
  const quoted = (column: string): string => ident(column).text
  const wanted: AddedIndex[] = []
  const add = (table: TableFacts, column: string, body: string, unique = false): void => {
    wanted.push({
      table: table.name,
      name: shortName(`revector_${table.name.name}_${column}_idx`),
      unique,
      body,
      key: unique ? column : null,
    })
  }
  if (!isUnique(chunks, chunkId)) add(chunks, chunkId, `(${quoted(chunkId)})`, true)
  if (!leads(chunks, layout.chunks.documentId)) {
    add(
      chunks,
      layout.chunks.documentId,
      `(${quoted(layout.chunks.documentId)}, ${quoted(layout.chunks.position)})`,
    )
  }
  if (!leads(chunks, layout.chunks.contentHash)) {
    const hash = quoted(layout.chunks.contentHash)
    add(chunks, layout.chunks.contentHash, `(${hash}) where ${hash} is not null`)
  }
  if (createsDocuments || documents === null) return wanted
  const { table, id } = documents
  const { source, metadata, createdAt } = layout.documents
  if (!isUnique(table, id)) add(table, id, `(${quoted(id)})`, true)
  if (!isUnique(table, source, { partial: true })) {
    add(table, source, `(${quoted(source)}) where ${quoted(source)} is not null`, true)
  }
  if (!table.indexes.some((index) => index.method === 'gin' && index.columns[0] === metadata)) {
    add(table, metadata, `using gin (${quoted(metadata)} jsonb_path_ops)`)
  }
  if (!leads(table, createdAt)) add(table, createdAt, `(${quoted(createdAt)})`)
  return wanted
}

function leads(table: TableFacts, column: string): boolean {
  return table.indexes.some(
    (index) => index.method === 'btree' && index.valid && !index.partial && index.columns[0] === column,
  )
}
