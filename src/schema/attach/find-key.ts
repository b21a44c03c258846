import type { Queryable } from '../../postgres/database.ts'
import { ident, join, type Sql, sql } from '../../postgres/sql.ts'
import { tableOf } from '../layout.ts'
import { columnOf, type IndexFacts, keyColumn, type TableFacts } from '../legacy/table-facts.ts'
import type { NoPlace } from './no-place.ts'
import { toolOf } from './tool.ts'

export interface FoundKey {
  readonly columns: readonly string[]
  /** No index keeps it unique: that was checked. */
  readonly unproved: boolean
}

/** Names of columns: one, or several separated by commas. Null if the table lacks one. */
export function columnsOf(table: TableFacts, given: string): readonly string[] | null {
  if (columnOf(table, given) !== undefined) return [given]
  const names = given.split(',').map((name) => name.trim())
  return names.every((name) => columnOf(table, name) !== undefined) ? names : null
}

/** What names a row of the table of texts: by what made it, by its indexes, or by name, if that proves to be unique. */
export async function findKey(
  db: Queryable,
  table: TableFacts,
  { given, where }: { readonly given: readonly string[] | null; readonly where: Sql },
): Promise<FoundKey | NoPlace> {
  if (given !== null) return proved(db, table, given, where)
  const tool = toolOf(table)?.id
  const single = tool ?? keyColumn(table)
  if (single !== null && single !== undefined) return proved(db, table, [single], where)
  const [index] = table.indexes
    .filter((one) => holds(one) && one.columns.every((name) => name !== null))
    .sort((a, b) => Number(b.primary) - Number(a.primary) || a.columns.length - b.columns.length)
  if (index !== undefined) return proved(db, table, index.columns.map(String), where)
  const named = ['id', 'uuid', `${table.name.name}_id`, 'key'].find(
    (name) => columnOf(table, name) !== undefined,
  )
  if (named !== undefined) return proved(db, table, [named], where)
  return {
    mode: 'none',
    reason: 'its rows have no unique key: create a unique index, or name the columns that are one with --id',
  }
}

/**
 * Unique and complete: because an index keeps it so, or because it is so now. References may be null: such a row refers to
 * nothing.
 */
export async function proved(
  db: Queryable,
  table: TableFacts,
  columns: readonly string[],
  where: Sql,
  { reference = false } = {},
): Promise<FoundKey | NoPlace> {
  const unique = !table.heirs && table.indexes.some((one) => holds(one) && sameSet(one.columns, columns))
  const complete = reference || columns.every((name) => columnOf(table, name)?.notNull === true)
  if (unique && complete) return { columns, unproved: false }
  const names = join(columns.map((name) => ident(name)))
  if (!unique) {
    const { rows } = await db.query<{ key: string; count: number }>(sql`
      select concat_ws(', ', ${names}) as key, count(*)::int as count from ${tableOf(table.name)}
      where ${where} and num_nulls(${names}) = 0
      group by ${names} having count(*) > 1 order by 2 desc, 1 limit 3`)
    if (rows.length > 0) {
      const some = rows.map(({ key, count }) => `${key} (${count} times)`).join('; ')
      return {
        mode: 'none',
        reason: `${columns.join(', ')} is not unique in ${table.name.name}: ${some}. Remove what is double, or say with --where which rows are meant, or with --id what names a row`,
      }
    }
  }
  if (complete) return { columns, unproved: true }
  const { rows } = await db.query<{ nulls: number }>(sql`
    select count(*)::int as nulls from ${tableOf(table.name)} where ${where} and num_nulls(${names}) > 0`)
  const nulls = rows[0]?.nulls ?? 0
  return nulls === 0 ? { columns, unproved: !unique } : incomplete(table, columns, nulls)
}

function incomplete({ name }: TableFacts, columns: readonly string[], nulls: number): NoPlace {
  return {
    mode: 'none',
    reason: `${columns.join(', ')} is null in ${nulls} rows of ${name.name}: leave them out with --where, or name another key with --id`,
  }
}

function holds(index: IndexFacts): boolean {
  return index.unique && index.valid && !index.partial && !index.deferrable
}

function sameSet(some: readonly (string | null)[], others: readonly string[]): boolean {
  return (
    some.length > 0 &&
    some.length <= others.length &&
    some.every((one) => one !== null && others.includes(one))
  )
}
