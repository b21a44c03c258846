import type { Queryable } from '../../postgres/database.ts'
import { ident, sql } from '../../postgres/sql.ts'
import type { DiscoveredColumn } from '../../wire/database.ts'
import { type TableName, tableOf } from '../layout.ts'
import { type ColumnFacts, columnOf, readTable, type TableFacts } from '../legacy/table-facts.ts'
import { type FoundPlace, findPlace, isVector, mayHoldVectors } from './find-place.ts'
import { mentions } from './own-index.ts'
import type { Touched } from './rights.ts'
import { toolOf } from './tool.ts'

/** Columns that hold vectors, or seem to, in every schema: all but Revector's own. Only reads. */
export async function discoverColumns(db: Queryable): Promise<readonly DiscoveredColumn[]> {
  const found: DiscoveredColumn[] = []
  for (const { readable, column: name, ...table } of await candidates(db)) {
    const facts = await readTable(db, table)
    const column = columnOf(facts, name)
    if (column === undefined) continue
    if (!readable) found.push(unreadable(facts, column))
    else if (column.category !== 'A' && !(await seemsVector(db, facts, column))) continue
    else found.push(await describe(db, facts, column))
  }
  return found
}

/** Tables that may be adopted, with those that they refer to. */
export async function adoptableTables(db: Queryable): Promise<readonly Touched[]> {
  const found = new Map<string, Touched>()
  for (const { schema, name } of await candidates(db)) {
    const { foreignKeys } = await readTable(db, { schema, name })
    for (const table of [{ schema, name }, ...foreignKeys.map(({ references }) => references)]) {
      found.set(tableOf(table).text, { schema: table.schema, name: table.name, trigger: true })
    }
  }
  return [...found.values()]
}

interface Candidate extends TableName {
  readonly column: string
  readonly readable: boolean
}

/** By type, or by a name that says so. An installation of Revector is known by its history. */
async function candidates(db: Queryable): Promise<readonly Candidate[]> {
  const { rows } = await db.query<Candidate>(sql`
    select n.nspname as schema, c.relname as name, a.attname as column,
      has_schema_privilege(n.oid, 'usage') and has_table_privilege(c.oid, 'select') as readable
    from pg_attribute a
    join pg_class c on c.oid = a.attrelid
    join pg_namespace n on n.oid = c.relnamespace
    join pg_type t on t.oid = a.atttypid
    where c.relkind in ('r', 'p') and not c.relispartition and a.attnum > 0 and not a.attisdropped
      and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
      and (t.typname in ('vector', 'halfvec', '_float4', '_float8')
        or (t.typname in ('_numeric', '_int4') and a.attname ~* '(embedding|vector)')
        or (t.typname in ('jsonb', 'json', 'text', 'varchar') and a.attname ~* '(embedding|vector)'))
      and not (c.relname ~ '^(chunk_embeddings|provider_rates|model_canaries|embedding_models)' and exists (
        select from pg_class own join pg_attribute by_model on by_model.attrelid = own.oid and by_model.attname = 'record'
        where own.relnamespace = n.oid and own.relname = 'revector_revisions'))
    order by 1, 2, a.attnum`)
  return rows
}

/** Text and JSON by what some rows hold: a list of numbers. */
async function seemsVector(db: Queryable, { name }: TableFacts, column: ColumnFacts): Promise<boolean> {
  if (isVector(column)) return true
  const { rows } = await db.query<{ vectors: number; all: number }>(sql`
    select count(*) filter (where v ~* '^\\s*[[{(]\\s*-?[0-9.]+(e[-+]?[0-9]+)?\\s*(,\\s*-?[0-9.]+(e[-+]?[0-9]+)?\\s*){7,}[]})]\\s*$')::int as vectors,
      count(*)::int as all
    from (select ${ident(column.name)}::text as v from ${tableOf(name)} where ${ident(column.name)} is not null limit 20) as sample`)
  const [{ vectors, all } = { vectors: 0, all: 0 }] = rows
  return all > 0 && vectors === all
}

async function describe(db: Queryable, facts: TableFacts, column: ColumnFacts): Promise<DiscoveredColumn> {
  const { rows } = await db.query<{ rows: number }>(sql`
    select count(*)::float8 as rows from ${tableOf(facts.name)} where ${ident(column.name)} is not null`)
  const place = await findPlace(db, facts, column)
  return {
    ...named(facts, column),
    dimension: place.mode === 'none' ? column.modifier : place.place.vectors.dimension,
    rows: rows[0]?.rows ?? 0,
    ...reasonOf(place),
    adopt: place.mode === 'none' ? null : adoptCommand(facts, column),
  }
}

function unreadable(facts: TableFacts, column: ColumnFacts): DiscoveredColumn {
  const reason = 'the user of this connection may not read it'
  return {
    ...named(facts, column),
    dimension: column.modifier,
    rows: null,
    mode: 'none',
    reason,
    adopt: null,
  }
}

function named(facts: TableFacts, column: ColumnFacts) {
  const { schema, name } = facts.name
  return {
    schema,
    table: name,
    column: column.name,
    type: column.type.replace(/^.*[.](?=vector|halfvec)/, ''),
    tool: toolOf(facts)?.name ?? null,
    index: indexOf(facts, column),
    rowSecurity: facts.rowSecurity,
  }
}

function reasonOf(place: FoundPlace) {
  return { mode: place.mode, reason: place.mode === 'none' ? place.reason : null }
}

/** A cast in the index is a cast that the search must write too. */
function indexOf(facts: TableFacts, column: ColumnFacts): DiscoveredColumn['index'] {
  const vectors = facts.indexes.filter(({ method }) => method === 'hnsw' || method === 'ivfflat')
  const plain = vectors.find((index) => index.columns[0] === column.name)
  const cast = vectors.find((index) => mentions(index, column))
  const index = plain ?? cast
  if (index === undefined) return null
  return { name: index.name, method: index.method, valid: index.valid, used: plain !== undefined }
}

function adoptCommand(facts: TableFacts, column: ColumnFacts): string {
  const { schema, name } = facts.name
  const searchable = facts.columns.filter(isVector)
  const several = isVector(column)
    ? searchable.length > 1
    : searchable.length > 0 || facts.columns.filter(mayHoldVectors).length > 1
  const choice = several ? ` --vector ${shell(column.name)}` : ''
  return `revector db adopt ${shell(`${schema}.${name}`)} --model NAME${choice}`
}

function shell(word: string): string {
  return /^[A-Za-z0-9_.-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}
