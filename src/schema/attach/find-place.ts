import type { Queryable } from '../../postgres/database.ts'
import { pgvector } from '../../postgres/pgvector.ts'
import { ident, raw, sql } from '../../postgres/sql.ts'
import { literal } from '../catalog.ts'
import type { Place } from '../layout.ts'
import { tableOf } from '../layout.ts'
import { idTypeOf, textColumn, wellKnown } from '../legacy/mapping.ts'
import {
  type ColumnFacts,
  columnOf,
  isUnique,
  keyColumn,
  readTable,
  type TableFacts,
} from '../legacy/table-facts.ts'
import { columnOr, condition, metadataOf, type PlaceChoices, sourceOf, titleOf } from './expressions.ts'
import { toolOf } from './tool.ts'

/** Why a column of vectors can't be searched where it lies; `copy`: it could be after a copy into pgvector's type. */
export interface NoPlace {
  readonly mode: 'copy' | 'none'
  readonly reason: string
}

export type FoundPlace = { readonly mode: 'attach'; readonly place: Place } | NoPlace

const textNames = [...wellKnown.text, 'document', 'contents']
/** Where libraries put the text when the table has no column for it. */
const textKeys = ['text', 'content', 'page_content', 'pageContent', 'chunk']

/** Finds how an application's table of vectors can be searched where it is. Only reads. */
export async function findPlace(
  db: Queryable,
  vectors: TableFacts,
  column: ColumnFacts,
  choices: PlaceChoices = {},
): Promise<FoundPlace> {
  if (!isVector(column)) {
    return { mode: 'copy', reason: `it is of type ${column.type}, which pgvector can't search` }
  }
  if (vectors.kind !== 'r' && vectors.kind !== 'p')
    return { mode: 'none', reason: 'it belongs to no plain table' }
  if (vectors.rowSecurity && (await hidesRows(db, vectors))) {
    return {
      mode: 'none',
      reason: 'row level security hides rows of it from the user of this connection: adopt it as its owner',
    }
  }
  const where = choices.where ?? null
  const widths = column.modifier === null ? await widthsOf(db, vectors, column, where) : [column.modifier]
  const [dimension, other] = widths
  if (dimension === undefined)
    return { mode: 'none', reason: 'it holds no vector yet, and its type says no dimension' }
  if (other !== undefined && choices.where === undefined) {
    return {
      mode: 'none',
      reason: `it holds vectors of ${widths.join(', ')} dimensions: --where has to say which rows one model made`,
    }
  }
  const of = await textsOf(db, vectors, choices)
  if ('reason' in of) return of
  const { texts, key, text } = of
  const id = choices.id ?? (texts === vectors ? toolOf(texts)?.id : undefined) ?? keyColumn(texts)
  const idColumn = id === null ? undefined : columnOf(texts, id)
  const idType = idColumn === undefined ? null : idTypeOf(idColumn)
  if (idColumn === undefined || idType === null || !isUnique(texts, idColumn.name)) {
    return {
      mode: 'none',
      reason:
        'its rows have no unique column of type integer, bigint, uuid or text: create a unique index on one, or name it with --id',
    }
  }
  const metadata = metadataOf(texts, choices)
  return {
    mode: 'attach',
    place: {
      table: texts.name,
      id: idColumn.name,
      idType,
      text,
      title: titleOf(texts, text, metadata, choices),
      source: sourceOf(texts, metadata),
      metadata: metadata === null ? `'{}'::jsonb` : metadata,
      where,
      vectors: {
        table: vectors.name,
        key: key ?? idColumn.name,
        column: column.name,
        type:
          bareType(column) === 'halfvec' ? 'halfvec(N)' : column.modifier === null ? 'vector' : 'vector(N)',
        dimension,
      },
    },
  }
}

async function hidesRows(db: Queryable, { name }: TableFacts): Promise<boolean> {
  const { rows } = await db.query<{ active: boolean }>(sql`
    select row_security_active(${tableOf(name).text}::regclass) as active`)
  return rows[0]?.active === true
}

/** Of a type that pgvector searches. */
export function isVector(column: ColumnFacts): boolean {
  return ['vector', 'halfvec'].includes(bareType(column))
}

/** Without its schema, which `format_type` puts in front where the search path does not find it. */
function bareType({ baseType }: Pick<ColumnFacts, 'baseType'>): string {
  return baseType.replace(/^.*\./, '')
}

/** The most frequent first, of some rows. */
async function widthsOf(
  db: Queryable,
  { name }: TableFacts,
  column: ColumnFacts,
  where: string | null,
): Promise<readonly number[]> {
  const { rows } = await db.query<{ width: number }>(sql`
    select ${pgvector('vector_dims')}(v) as width
    from (
      select ${ident(column.name)} as v from ${tableOf(name)}
      where ${ident(column.name)} is not null and ${condition(where)} limit 1000
    ) as sample
    group by 1 order by count(*) desc`)
  return rows.map(({ width }) => width)
}

/** The table and the expression of the texts; `key` is what leads there from the vectors, if that is another table. */
type Texts = { readonly texts: TableFacts; readonly key: string | null; readonly text: string } | NoPlace

async function textsOf(db: Queryable, vectors: TableFacts, choices: PlaceChoices): Promise<Texts> {
  if (choices.text !== undefined) return { texts: vectors, key: null, text: columnOr(vectors, choices.text) }
  const own = toolOf(vectors)?.text ?? textColumn(vectors, textNames)
  if (own !== null) return { texts: vectors, key: null, text: ident(own).text }
  const metadata = metadataOf(vectors, choices)
  const inside = metadata === null ? null : await keyWithText(db, vectors, metadata)
  if (metadata !== null && inside !== null) {
    return { texts: vectors, key: null, text: `(${metadata} ->> ${literal(inside).text.trim()})` }
  }
  for (const { columns, referencedColumns, references } of vectors.foreignKeys) {
    const [key] = columns
    const [referenced] = referencedColumns
    if (key === undefined || columns.length > 1) continue
    const texts = await readTable(db, references)
    const text = textColumn(texts, textNames)
    if (text === null || referenced !== keyColumn(texts)) continue
    if (!isUnique(vectors, key)) {
      return {
        mode: 'none',
        reason: `${key} is not unique: several vectors may belong to one row of ${references.name}`,
      }
    }
    return { texts, key, text: ident(text).text }
  }
  return { mode: 'none', reason: 'no column with the text was found: name it with --text' }
}

/** Looks at some rows. */
async function keyWithText(db: Queryable, { name }: TableFacts, metadata: string): Promise<string | null> {
  const { rows } = await db.query<{ key: string }>(sql`
    select k.key
    from (select ${raw(metadata)} as m from ${tableOf(name)} limit 20) as sample
    cross join unnest(${textKeys}::text[]) with ordinality as k (key, place)
    where jsonb_typeof(m -> k.key) = 'string'
    order by k.place limit 1`)
  return rows[0]?.key ?? null
}
