import { RevectorError } from '../../core/errors.ts'
import type { Queryable } from '../../postgres/database.ts'
import { sql } from '../../postgres/sql.ts'
import type { Place, TableName } from '../layout.ts'
import { type ColumnFacts, columnOf, readTable, type TableFacts } from '../legacy/table-facts.ts'
import type { PlaceChoices } from './expressions.ts'
import { findPlace, isVector } from './find-place.ts'
import { checkExpressions } from './rows.ts'

/**
 * The place of the vectors of a table that the operator names.
 *
 * @throws RevectorError NOT_FOUND, INVALID_INPUT for a wrong choice, UPGRADE_REFUSED
 */
export async function locate(db: Queryable, table: string, choices: PlaceChoices): Promise<Place> {
  const facts = await readTable(db, await named(db, table))
  const column = vectorColumnOf(facts, choices.vector)
  const found = await findPlace(db, facts, column, choices)
  if (found.mode !== 'attach') {
    throw new RevectorError(
      'UPGRADE_REFUSED',
      `${table}.${column.name} can't be adopted where it is: ${found.reason}.`,
      {
        hint: 'See `revector db discover` for what can be adopted, and with which options.',
        data: { table },
      },
    )
  }
  await checkExpressions(db, found.place)
  return found.place
}

async function named(db: Queryable, table: string): Promise<TableName> {
  const dot = table.indexOf('.')
  const [schema, name] = dot < 0 ? [null, table] : [table.slice(0, dot), table.slice(dot + 1)]
  const { rows } = await db.query<TableName>(sql`
    select n.nspname as schema, c.relname as name
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p') and c.relname = ${name} and n.nspname = coalesce(${schema}::text, n.nspname)
      and n.nspname !~ '^pg_' and n.nspname <> 'information_schema' and n.nspname <> coalesce(current_schema(), '')
    order by 1`)
  const [found, other] = rows
  if (found === undefined) {
    throw new RevectorError('NOT_FOUND', `There is no table "${table}" to adopt.`, {
      hint: 'See `revector db discover`; write SCHEMA.TABLE as they are spelled there.',
      data: { table },
    })
  }
  if (other !== undefined) {
    const schemas = rows.map((row) => row.schema)
    throw new RevectorError(
      'INVALID_INPUT',
      `Several schemas have a table "${table}": ${schemas.join(', ')}.`,
      {
        hint: `Say which: ${found.schema}.${found.name}.`,
        data: { table, schemas },
      },
    )
  }
  return found
}

function vectorColumnOf(table: TableFacts, chosen: string | undefined): ColumnFacts {
  const vectors = table.columns.filter(isVector)
  const column = chosen === undefined ? vectors[0] : columnOf(table, chosen)
  const name = `${table.name.schema}.${table.name.name}`
  if (column !== undefined && (chosen !== undefined || vectors.length === 1)) return column
  const names = vectors.map((one) => one.name)
  throw new RevectorError(
    'INVALID_INPUT',
    names.length === 0
      ? `${name} has no column of vectors.`
      : `${name} has ${chosen === undefined ? 'several columns of vectors' : `no column "${chosen}"`}: ${names.join(', ')}.`,
    {
      hint: names.length === 0 ? 'See `revector db discover`.' : 'Say which: --vector COLUMN.',
      data: { table: name, columns: names },
    },
  )
}
