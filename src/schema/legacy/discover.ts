import type { RevectorError } from '../../core/errors.ts'
import type { Queryable } from '../../postgres/database.ts'
import { sqlstateOf } from '../../postgres/errors.ts'
import { sql } from '../../postgres/sql.ts'
import { findTable } from '../catalog.ts'
import type { TableName } from '../layout.ts'
import { embeddingsTable } from '../names.ts'
import { comparable, idTypeOf, textCandidates, textColumn, wellKnown } from './mapping.ts'
import type { TableChoices } from './record.ts'
import { listed, refused } from './refusal.ts'
import { dimensionOf, refuseForeignUse, refuseKind, vectorOf } from './suitability.ts'
import {
  type ColumnFacts,
  columnOf,
  type ForeignKeyFacts,
  keyColumn,
  readTable,
  spoken,
  type TableFacts,
} from './table-facts.ts'

/** The tables of a fixed-dimension database and how they are related. */
export interface Discovered {
  readonly embeddings: TableFacts
  readonly vector: ColumnFacts
  readonly dimension: number
  readonly chunks: TableFacts
  readonly chunkId: string
  readonly text: string
  /** Whether a valid foreign key leads from `chunk_id` to the chunks. */
  readonly chunkKey: boolean
  /** Null: there is none, one is created. */
  readonly documents: DiscoveredDocuments | null
}

export interface DiscoveredDocuments {
  readonly table: TableFacts
  readonly id: string
  /** The chunks' column that names the document. */
  readonly link: string
  /** Whether a valid foreign key keeps that column right. */
  readonly linkKey: boolean
  readonly title: string | null
}

/** @throws RevectorError UPGRADE_REFUSED with the names in question */
export async function discover(db: Queryable, choices: TableChoices): Promise<Discovered> {
  const name = await findTable(db, embeddingsTable)
  if (name === null) throw new Error(`${embeddingsTable} does not exist`)
  const embeddings = await readTable(db, name)
  refuseKind(embeddings)
  refuseForeignUse(embeddings)
  const vector = vectorOf(embeddings)
  const dimension = dimensionOf(embeddings, vector)
  const { chunks, chunkId, chunkKey } = await findChunks(db, embeddings, choices)
  const text = chunkText(chunks, choices)
  const documents = await findDocuments(db, chunks, embeddings, choices)
  return { embeddings, vector, dimension, chunks, chunkId, chunkKey, text, documents }
}

async function findChunks(
  db: Queryable,
  embeddings: TableFacts,
  choices: TableChoices,
): Promise<Pick<Discovered, 'chunks' | 'chunkId' | 'chunkKey'>> {
  const name = spoken(embeddings.name)
  const link = columnOf(embeddings, 'chunk_id')
  if (link === undefined) {
    const keys = embeddings.foreignKeys.flatMap((key) => key.columns)
    throw refused(
      `${name} has no column "chunk_id" that says which chunk a vector belongs to.`,
      keys.length === 0
        ? moveText(name)
        : `If it is ${listed(keys)}: alter table ${name} rename column ${keys[0]} to chunk_id.`,
      { table: name, columns: embeddings.columns.map((column) => column.name) },
    )
  }
  const keys = embeddings.foreignKeys.filter(
    (key) => key.columns.length === 1 && key.columns[0] === 'chunk_id',
  )
  const wanted =
    choices.chunksTable === undefined ? null : await named(db, choices.chunksTable, '--chunks-table')
  const table =
    wanted ?? keys[0]?.references ?? (await firstKnown(db, embeddings, wellKnown.chunksTables, link))
  const others = keys.filter((key) => wanted === null && !sameTable(key.references, table))
  if (table === null || others.length > 0) {
    throw refused(
      others.length > 0
        ? `${name}.chunk_id refers to several tables: ${listed(keys.map((key) => spoken(key.references)))}.`
        : `${name}.chunk_id has no foreign key, so Revector does not know which table has the chunks' text.`,
      'Specify it: --chunks-table TABLE [--chunk-text-column COLUMN].',
      { table: name },
    )
  }
  const chunks = await readTable(db, table)
  refuseKind(chunks)
  if (sameTable(table, embeddings.name)) throw textInside(name)
  const key = keys.find((one) => sameTable(one.references, table))
  const chunkId = key?.referencedColumns[0] ?? keyColumn(chunks) ?? (columnOf(chunks, 'id') ? 'id' : null)
  const id = chunkId === null ? undefined : columnOf(chunks, chunkId)
  if (chunkId === null || id === undefined || idTypeOf(id) === null || !comparable(id, link)) {
    throw refused(
      `${spoken(table)} has no single id column that ${name}.chunk_id (${link.type}) could refer to${id === undefined ? '' : `: ${id.name} is ${id.type}`}.`,
      'Integer, uuid and text ids can be adopted. Give the table such a primary key, or a column "id".',
      { table: spoken(table), column: chunkId, type: id?.type ?? null },
    )
  }
  return { chunks, chunkId, chunkKey: key?.validated === true }
}

function textInside(name: string): RevectorError {
  return refused(`${name} cannot also be the table of the chunks' text.`, moveText(name), { table: name })
}

function moveText(name: string): string {
  return `If the text is in ${name} itself, move it to a table of its own (create table chunks as select …) and let chunk_id refer to its rows.`
}

function chunkText(chunks: TableFacts, choices: TableChoices): string {
  const name = spoken(chunks.name)
  const candidates = textCandidates(chunks)
  if (choices.chunkTextColumn !== undefined)
    return chosenColumn(chunks, choices.chunkTextColumn, '--chunk-text-column')
  const found = textColumn(chunks, wellKnown.text) ?? (candidates.length === 1 ? candidates[0] : undefined)
  if (found !== undefined) return found
  throw refused(
    candidates.length === 0
      ? `${name} has no column that could be the chunks' text.`
      : `Several columns of ${name} could be the chunks' text: ${listed(candidates)}.`,
    candidates.length === 0
      ? 'Specify the table that has it: --chunks-table TABLE --chunk-text-column COLUMN.'
      : 'Specify it: --chunk-text-column COLUMN.',
    { table: name, candidates, columns: chunks.columns.map((column) => column.name) },
  )
}

async function findDocuments(
  db: Queryable,
  chunks: TableFacts,
  embeddings: TableFacts,
  choices: TableChoices,
): Promise<DiscoveredDocuments | null> {
  const single = chunks.foreignKeys.filter(
    (key) =>
      key.columns.length === 1 &&
      !sameTable(key.references, chunks.name) &&
      !sameTable(key.references, embeddings.name),
  )
  const wanted =
    choices.documentsTable === undefined ? null : await named(db, choices.documentsTable, '--documents-table')
  const key =
    wanted === null ? documentKey(chunks, single) : single.find((one) => sameTable(one.references, wanted))
  const table = wanted ?? key?.references ?? null
  const found = table === null ? await documentsByName(db, chunks) : await readTable(db, table)
  if (found === null) {
    if (choices.titleColumn === undefined) return null
    throw refused(
      `--title-column specifies "${choices.titleColumn}", but no documents table was found.`,
      'Specify it: --documents-table TABLE.',
      { column: choices.titleColumn },
    )
  }
  refuseKind(found)
  const id = key?.referencedColumns[0] ?? keyColumn(found) ?? (columnOf(found, 'id') ? 'id' : null)
  const idColumn = id === null ? undefined : columnOf(found, id)
  const link = key?.columns[0] ?? linkColumn(chunks, found, idColumn)
  if (id === null || idColumn === undefined || idTypeOf(idColumn) === null || link === null) {
    throw refused(
      `${spoken(chunks.name)} has no column that refers to ${spoken(found.name)}.`,
      `Add a foreign key from it to ${spoken(found.name)}, or leave --documents-table out.`,
      {
        table: spoken(chunks.name),
        documents: spoken(found.name),
        columns: chunks.columns.map((column) => column.name),
      },
    )
  }
  const title =
    choices.titleColumn === undefined
      ? textColumn(found, wellKnown.title)
      : chosenColumn(found, choices.titleColumn, '--title-column')
  return { table: found, id, link, linkKey: key?.validated === true, title }
}

/**
 * The foreign key that leads to documents: by the column's name, by the table's, or because it is the only one.
 */
function documentKey(chunks: TableFacts, keys: readonly ForeignKeyFacts[]): ForeignKeyFacts | undefined {
  const found =
    keys.find((key) => wellKnown.documentId.some((name) => key.columns[0] === name)) ??
    keys.find((key) => wellKnown.documentsTables.some((name) => key.references.name === name))
  if (found !== undefined || keys.length < 2) return found ?? keys[0]
  throw refused(
    `${spoken(chunks.name)} refers to several tables, and Revector does not know which of them has the documents: ${listed(keys.map((key) => spoken(key.references)))}.`,
    'Specify it: --documents-table TABLE [--title-column COLUMN].',
    { table: spoken(chunks.name), candidates: keys.map((key) => spoken(key.references)) },
  )
}

/** Without a foreign key: a table with a well-known name, if the chunks have a column that fits it. */
async function documentsByName(db: Queryable, chunks: TableFacts): Promise<TableFacts | null> {
  for (const name of wellKnown.documentsTables) {
    const table = await tableIn(db, chunks.name.schema, name)
    if (table === null) continue
    const id = keyColumn(table)
    if (id !== null && linkColumn(chunks, table, columnOf(table, id)) !== null) return table
  }
  return null
}

function linkColumn(chunks: TableFacts, documents: TableFacts, id: ColumnFacts | undefined): string | null {
  const names = [
    ...wellKnown.documentId,
    `${documents.name.name.replace(/s$/, '')}_id`,
    `${documents.name.name}_id`,
  ]
  const link = names
    .map((name) => columnOf(chunks, name))
    .find((column) => column !== undefined && id !== undefined && comparable(column, id))
  return link?.name ?? null
}

async function firstKnown(
  db: Queryable,
  embeddings: TableFacts,
  names: readonly string[],
  link: ColumnFacts,
): Promise<TableName | null> {
  for (const name of names) {
    const table = await tableIn(db, embeddings.name.schema, name)
    const id = table === null ? null : keyColumn(table)
    const column = table === null || id === null ? undefined : columnOf(table, id)
    if (table !== null && column !== undefined && comparable(column, link)) return table.name
  }
  return null
}

async function tableIn(db: Queryable, schema: string, name: string): Promise<TableFacts | null> {
  const { rows } = await db.query(sql`
    select from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = ${schema} and c.relname = ${name} and c.relkind = 'r'`)
  return rows.length === 0 ? null : await readTable(db, { schema, name })
}

/** A table as the user writes it: plain, quoted, or with its schema. */
async function named(db: Queryable, name: string, option: string): Promise<TableName> {
  const found = (await findTable(db, name)) ?? (await spelled(db, name))
  if (found !== null) return found
  throw refused(
    `${option} names "${name}", which is not a table on the search path.`,
    'Check the name, or add its schema: SCHEMA.TABLE.',
    { option, table: name },
  )
}

/** A name as SQL spells it. Before PostgreSQL 16 one that SQL can't parse is an error. */
async function spelled(db: Queryable, name: string): Promise<TableName | null> {
  try {
    const { rows } = await db.query<TableName>(sql`
      select n.nspname::text as schema, c.relname::text as name
      from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.oid = to_regclass(${name}::text)`)
    return rows[0] ?? null
  } catch (error) {
    if (['42601', '42602'].includes(sqlstateOf(error))) return null
    throw error
  }
}

function chosenColumn(table: TableFacts, column: string, option: string): string {
  const found = columnOf(table, column)
  if (found?.category === 'S' && !found.generated) return found.name
  const why = found === undefined ? 'has no such column' : 'has it as a generated or non-text column'
  throw refused(
    `${option} names "${column}", but ${spoken(table.name)} ${why}.`,
    `Its columns are ${listed(table.columns.map((one) => one.name))}.`,
    { option, column, table: spoken(table.name), columns: table.columns.map((one) => one.name) },
  )
}

export function sameTable(one: TableName, other: TableName | null): boolean {
  return other !== null && one.schema === other.schema && one.name === other.name
}
