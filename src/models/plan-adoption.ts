import type { Queryable } from '../postgres/database.ts'
import { isCopied } from '../schema/attach/copied.ts'
import type { PlaceChoices } from '../schema/attach/expressions.ts'
import { hasKeys } from '../schema/attach/keys.ts'
import { locate } from '../schema/attach/locate.ts'
import { touchedBy } from '../schema/attach/rights.ts'
import { countRows, countVectorsAt } from '../schema/attach/rows.ts'
import type { AdoptionPlan } from '../wire/database.ts'

/**
 * What adopting a table would do, and lock. Only reads.
 *
 * @throws RevectorError as `adoptTable` does where the table can't be adopted with these choices
 */
export async function planAdoption(
  db: Queryable,
  table: string,
  choices: PlaceChoices,
  fits: (dimension: number) => boolean,
): Promise<AdoptionPlan> {
  const place = await locate(db, table, choices, fits)
  const { vectors } = place
  const copied = isCopied(place)
  const count = await countVectorsAt(db, place)
  return {
    schema: vectors.table.schema,
    table: vectors.table.name,
    column: vectors.column,
    dimension: vectors.dimension,
    mode: copied ? 'copy' : 'attach',
    texts: `${place.table.schema}.${place.table.name}`,
    text: place.text,
    id: place.id,
    documentKey: place.documentKey ?? null,
    where: place.where ?? vectors.where ?? null,
    rows: await countRows(db, place),
    vectors: count,
    copied: copied ? count : 0,
    sideTable: hasKeys(place),
    maintained: place.maintained ?? false,
    locks: touchedBy(place)
      .filter(({ trigger }) => trigger)
      .map(({ schema, name }) => ({ table: `${schema}.${name}`, mode: 'SHARE ROW EXCLUSIVE' })),
  }
}
