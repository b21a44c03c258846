import type { Queryable } from '../../postgres/database.ts'
import { ident, raw, sql } from '../../postgres/sql.ts'
import { type Place, tableOf, type VectorPlace } from '../layout.ts'
import { idTypeOf } from '../legacy/mapping.ts'
import { type ColumnFacts, columnOf, type TableFacts } from '../legacy/table-facts.ts'
import { copiedType, widthOf } from './copied.ts'
import {
  columnOr,
  condition,
  metadataOf,
  type PlaceChoices,
  sourceOf,
  timesOf,
  titleOf,
} from './expressions.ts'
import { columnsOf, findKey, proved } from './find-key.ts'
import { findTexts, reads } from './find-texts.ts'
import type { NoPlace } from './no-place.ts'
import { indexedOf } from './own-index.ts'

/** `copy`: pgvector can't search its type, so the vectors are copied. */
export type FoundPlace = { readonly mode: 'attach' | 'copy'; readonly place: Place } | NoPlace

/** Finds how an application's table of vectors can be searched where it is. Only reads. */
export async function findPlace(
  db: Queryable,
  vectors: TableFacts,
  column: ColumnFacts,
  choices: PlaceChoices = {},
  /** Whether the model that is meant makes vectors of this width. */
  fits: (dimension: number) => boolean = () => true,
): Promise<FoundPlace> {
  const type = isVector(column)
    ? bareType(column) === 'halfvec'
      ? 'halfvec(N)'
      : column.modifier === null
        ? 'vector'
        : 'vector(N)'
    : copiedType(column)
  if (type === null) return { mode: 'none', reason: `it is of type ${column.type}, which holds no vectors` }
  if (vectors.kind !== 'r' && vectors.kind !== 'p')
    return { mode: 'none', reason: 'it belongs to no plain table' }
  if (vectors.rowSecurity && (await hidesRows(db, vectors))) return hidden(vectors)
  const found = await findTexts(db, vectors, choices)
  if ('reason' in found) return found
  const { texts, text, join } = found
  if (texts.rowSecurity && (await hidesRows(db, texts))) return hidden(texts)
  const limits = await limitsOf(db, { vectors, texts, where: choices.where ?? null })
  // Of other types a length says nothing of vectors.
  const declared = isVector(column) ? column.modifier : null
  const widths =
    declared === null ? await widthsOf(db, vectors, { column, type }, limits.vectors) : [declared]
  // Of several models in one column, the one that is named may be told by its dimension.
  const fitting = widths.length > 1 ? widths.filter(fits) : widths
  const [dimension = widths[0], other] = fitting
  if (dimension === undefined)
    return { mode: 'none', reason: 'it holds no vector yet, and its type says no dimension' }
  if (other !== undefined && choices.where === undefined) {
    return {
      mode: 'none',
      reason: `it holds vectors of ${widths.join(', ')} dimensions: --where has to say which rows one model made`,
    }
  }
  const given = choices.id === undefined ? null : columnsOf(texts, choices.id)
  if (choices.id !== undefined && given === null) {
    return { mode: 'none', reason: `${texts.name.name} has no column ${choices.id}, which --id names` }
  }
  const key = await findKey(db, texts, {
    given: given ?? join?.referenced ?? null,
    where: condition(limits.texts),
  })
  if ('reason' in key) return key
  const own = join?.own ?? key.columns
  if (own.length !== key.columns.length) {
    return {
      mode: 'none',
      reason: `${own.join(', ')} can't name a row of ${texts.name.name}, whose key is ${key.columns.join(', ')}`,
    }
  }
  const holding = sql`${ident(column.name)} is not null and ${condition(limits.vectors)}${
    declared === null ? sql` and ${widthOf(type, ident(column.name))} = ${raw(String(dimension))}` : sql``
  }`
  const reference = join === null ? null : await proved(db, vectors, own, holding, { reference: true })
  if (reference !== null && 'reason' in reference) return reference
  if (choices.maintain === true && (join !== null || !isVector(column))) {
    return {
      mode: 'none',
      reason: `Revector can make vectors (--maintain) in a column of pgvector's types beside the texts, and ${
        join === null ? `it is of type ${column.type}` : `the texts are in ${texts.name.name}`
      }`,
    }
  }
  const metadata = metadataOf(texts, choices)
  return {
    mode: isVector(column) ? 'attach' : 'copy',
    place: {
      table: texts.name,
      ...(await keyOf(db, texts, key.columns)),
      ...(key.unproved && { unproved: true }),
      ...(choices.documentKey !== undefined && { documentKey: columnOr(texts, choices.documentKey) }),
      text,
      title: titleOf(texts, text, metadata, choices),
      source: sourceOf(texts, metadata),
      metadata: metadata === null ? `'{}'::jsonb` : metadata,
      ...timesOf(texts),
      where: limits.texts,
      ...(choices.maintain === true && { maintained: true }),
      vectors: {
        table: vectors.name,
        key: own[0] ?? '',
        ...(own.length > 1 && { keys: own }),
        ...(join !== null && limits.vectors !== null && { where: limits.vectors }),
        ...(reference?.unproved === true && { unproved: true }),
        column: column.name,
        type,
        dimension,
        ...indexedOf(vectors, column, dimension),
      },
    },
  }
}

/** Columns of other types, and several, are led to by a side table. */
async function keyOf(
  db: Queryable,
  texts: TableFacts,
  columns: readonly string[],
): Promise<Pick<Place, 'id' | 'idType' | 'key'>> {
  const found = columns.map((name) => columnOf(texts, name)).filter((one) => one !== undefined)
  const [only, other] = found
  const idType = only === undefined || other !== undefined ? null : idTypeOf(only)
  if (only !== undefined && idType !== null) return { id: only.name, idType }
  const equals = await equalities(db, texts, columns)
  return {
    id: columns.join(','),
    idType: 'text',
    key: found.map(({ name, type }) => {
      const operator = equals.get(name)
      return { column: name, type, ...(operator !== undefined && { equals: operator }) }
    }),
  }
}

/** Of types of extensions, whose equality is not on the search path of Revector. */
async function equalities(
  db: Queryable,
  { name }: TableFacts,
  columns: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const { rows } = await db.query<{ column: string; operator: string }>(sql`
    select a.attname as column, format('operator(%I.%s)', n.nspname, o.oprname) as operator
    from pg_attribute a
    join pg_type t on t.oid = a.atttypid
    join pg_opclass c on c.opcintype = coalesce(nullif(t.typbasetype, 0), t.oid) and c.opcdefault
    join pg_am m on m.oid = c.opcmethod and m.amname = 'btree'
    join pg_amop p on p.amopfamily = c.opcfamily and p.amopstrategy = 3
      and p.amoplefttype = c.opcintype and p.amoprighttype = c.opcintype
    join pg_operator o on o.oid = p.amopopr
    join pg_namespace n on n.oid = o.oprnamespace and n.nspname <> 'pg_catalog'
    where a.attrelid = ${tableOf(name).text}::regclass and a.attname = any(${columns}::text[])`)
  return new Map(rows.map(({ column, operator }) => [column, operator]))
}

/** A condition is about the table of texts; where the vectors have a table of their own, it may be about that. */
async function limitsOf(
  db: Queryable,
  {
    vectors,
    texts,
    where,
  }: { readonly vectors: TableFacts; readonly texts: TableFacts; readonly where: string | null },
): Promise<{ readonly texts: string | null; readonly vectors: string | null }> {
  if (where === null || vectors === texts) return { texts: where, vectors: where }
  if (await reads(db, texts, where)) return { texts: where, vectors: null }
  return { texts: null, vectors: where }
}

function hidden({ name }: TableFacts): NoPlace {
  return {
    mode: 'none',
    reason: `row level security hides rows of ${name.name} from the user of this connection: adopt it as its owner`,
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

/** Of a type that they can be copied from, and called so; arrays of numbers are hardly anything else. */
export function mayHoldVectors(column: ColumnFacts): boolean {
  const type = copiedType(column)
  return type === 'array' || (type !== null && /(embedding|vector)/i.test(column.name))
}

/** Without its schema, which `format_type` puts in front where the search path does not find it. */
function bareType({ baseType }: Pick<ColumnFacts, 'baseType'>): string {
  return baseType.replace(/^.*\./, '')
}

/** The most frequent first, of some rows. */
async function widthsOf(
  db: Queryable,
  { name }: TableFacts,
  { column, type }: { readonly column: ColumnFacts; readonly type: VectorPlace['type'] },
  where: string | null,
): Promise<readonly number[]> {
  const { rows } = await db.query<{ width: number | null }>(sql`
    select ${widthOf(type, raw('v'))} as width
    from (
      select ${ident(column.name)} as v from ${tableOf(name)}
      where ${ident(column.name)} is not null and ${condition(where)} limit 1000
    ) as sample
    group by 1 order by count(*) desc`)
  return rows.flatMap(({ width }) => (width === null || width < 1 ? [] : [width]))
}
