import { RevectorError } from '../../core/errors.ts'
import type { Queryable } from '../../postgres/database.ts'
import type { Place } from '../layout.ts'
import { type ColumnFacts, columnOf, readTable, type TableFacts } from '../legacy/table-facts.ts'
import type { PlaceChoices } from './expressions.ts'
import { findPlace, isVector, mayHoldVectors } from './find-place.ts'
import { namedTable } from './named-table.ts'
import { requireAdoptionRights, touchedBy } from './rights.ts'
import { checkExpressions } from './rows.ts'

/**
 * The place of the vectors of a table that the operator names.
 *
 * @throws RevectorError NOT_FOUND, INVALID_INPUT for a wrong choice, UPGRADE_REFUSED, DATABASE_PERMISSION_DENIED
 */
export async function locate(
  db: Queryable,
  table: string,
  choices: PlaceChoices,
  fits: (dimension: number) => boolean,
): Promise<Place> {
  const name = await namedTable(db, table)
  await requireAdoptionRights(db, [{ ...name, trigger: false }], { makes: false })
  const facts = await readTable(db, name)
  const column = vectorColumnOf(facts, choices.vector)
  const found = await findPlace(db, facts, column, choices, fits)
  if (found.mode === 'none') {
    throw new RevectorError('UPGRADE_REFUSED', `${table}.${column.name} can't be adopted: ${found.reason}.`, {
      hint: 'See `revector db discover` for what can be adopted, and with which options.',
      data: { table },
    })
  }
  await requireAdoptionRights(db, touchedBy(found.place), { makes: false })
  await checkExpressions(db, found.place)
  return found.place
}

function vectorColumnOf(table: TableFacts, chosen: string | undefined): ColumnFacts {
  const searchable = table.columns.filter(isVector)
  const vectors = searchable.length > 0 ? searchable : table.columns.filter(mayHoldVectors)
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
