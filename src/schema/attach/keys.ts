import { ident, join, raw, type Sql, sql } from '../../postgres/sql.ts'
import { type KeyColumn, type Place, tableOf } from '../layout.ts'
import { condition } from './expressions.ts'

/*
 * Chunks are named by one value. Where an application's rows have a key of several columns, or of a type that ids don't
 * have, that value is a text made of the key, and the side table `chunk_keys` leads from it to the row, by indexes of both.
 * The names of its columns begin with `revector_`, so that expressions over the application's columns stay unambiguous.
 */

export const keysTable = 'chunk_keys'

const alias = 'revector_keys'

/** Whether the place has a side table. */
export function hasKeys({ key, documentKey }: Pick<Place, 'key' | 'documentKey'>): boolean {
  return key !== undefined || documentKey !== undefined
}

/** The id of a row, as SQL over the columns of the table of texts. */
export function idOf({ id, idType, key }: Pick<Place, 'id' | 'idType' | 'key'>): Sql {
  return key === undefined ? sql`${ident(id)}::${raw(idType)}` : keyText(key)
}

/** Columns of `chunk_keys` with the columns of the table of texts that they hold. */
export function keyPairs({
  id,
  key,
}: Pick<Place, 'id' | 'key'>): readonly { readonly own: string; readonly of: string }[] {
  if (key === undefined) return [{ own: 'revector_id', of: id }]
  return key.map(({ column }, i) => ({ own: `revector_key_${i + 1}`, of: column }))
}

/** The rows of the place, for a FROM: `revector_id` is the id where there is a side table. */
export function rowsOf(place: Place): Sql {
  const where = sql`where ${condition(place.where)}`
  if (!hasKeys(place)) return sql`from ${tableOf(place.table)} ${where}`
  const columns = keyPairs(place).map(({ of }) => of)
  return sql`from ${keys} join ${tableOf(place.table)} on ${matching(place, columns, place.table.name)} ${where}`
}

/** The side table under its alias, for a FROM. */
export const keys = sql`${ident(keysTable)} ${ident(alias)}`

/** The document of a row without a value: the row itself. */
export function documentOf(place: Place): Sql {
  return sql`coalesce((${raw(place.documentKey ?? 'null')})::text, ${idOf(place)}::text)`
}

/** The columns of the table of vectors that hold the key, in its order. */
export function keysOfVectors({ vectors }: Pick<Place, 'vectors'>): readonly string[] {
  return vectors.keys ?? [vectors.key]
}

/** A condition that joins `chunk_keys` with a table that holds the key in these columns. */
export function matching(place: Place, columns: readonly string[], table: string): Sql {
  const pairs = keyPairs(place).map(
    ({ own }, i) =>
      sql`${ident(alias, own)} ${raw(place.key?.[i]?.equals ?? '=')} ${ident(table, columns[i] ?? '')}`,
  )
  return join(pairs, ' and ')
}

const plain = /^(smallint|integer|bigint|uuid|boolean)$/

/** `1,7,0`: unambiguous, as commas inside of a value are escaped. */
function keyText(key: readonly KeyColumn[]): Sql {
  const [first, ...more] = key
  if (first !== undefined && more.length === 0) return sql`${ident(first.column)}::text`
  const parts = key.map(({ column, type }) => {
    const text = sql`${ident(column)}::text`
    if (plain.test(type)) return text
    return sql`replace(replace(${text}, ${raw(String.raw`E'\\'`)}, ${raw(String.raw`E'\\\\'`)}), ',', ${raw(String.raw`E'\\,'`)})`
  })
  return sql`(${join(parts, ` || ',' || `)})`
}
