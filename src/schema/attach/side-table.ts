import type { Queryable } from '../../postgres/database.ts'
import { ident, join, raw, type Sql, sql } from '../../postgres/sql.ts'
import { type Place, tableOf } from '../layout.ts'
import { condition } from './expressions.ts'
import { documentOf, hasKeys, idOf, keyPairs, keysTable } from './keys.ts'

/** What `chunk_keys` holds of a row, as SQL over the columns of the table of texts, in the order of `keyNames`. */
export function keyValues(place: Place): readonly Sql[] {
  return [
    idOf(place),
    ...(place.key === undefined ? [] : keyPairs(place).map(({ of }) => ident(of))),
    ...(place.documentKey === undefined ? [] : [documentOf(place)]),
  ]
}

export function keyNames(place: Place): readonly Sql[] {
  return [
    ident('revector_id'),
    ...(place.key === undefined ? [] : keyPairs(place).map(({ own }) => ident(own))),
    ...(place.documentKey === undefined ? [] : [ident('revector_document')]),
  ]
}

/** Creates it empty, with the very types of the columns; triggers write it from then on, `fillKeys` what was there before. */
export async function createKeys(tx: Queryable, place: Place): Promise<void> {
  if (!hasKeys(place)) return
  const names = keyNames(place)
  const columns = keyValues(place).map((value, i) => sql`${value} as ${names[i] ?? value}`)
  await tx.query(sql`
    create table ${ident(keysTable)} as select ${join(columns)} from ${tableOf(place.table)} with no data`)
  const key =
    place.key === undefined ? [] : [sql`unique (${join(keyPairs(place).map(({ own }) => ident(own)))})`]
  await tx.query(sql`
    alter table ${ident(keysTable)}
      add column revector_place bigint generated always as identity,
      ${join([sql`primary key (revector_id)`, ...key].map((one) => sql`add ${one}`))}`)
  if (place.documentKey === undefined) return
  await tx.query(sql`
    create index chunk_keys_document_idx on ${ident(keysTable)} (revector_document, revector_place)`)
}

/** As dates are spelled in ids, whatever a session prefers. */
const spelling = [
  "datestyle = 'ISO, MDY'",
  "intervalstyle = 'postgres'",
  "timezone = 'UTC'",
  'extra_float_digits = 1',
]

export const keySpelling: Sql = raw(spelling.map((one) => `set ${one}`).join(' '))

/** Rows from before the triggers; those that they have written meanwhile stay. `from` is the table, or a part of it. */
export async function fillKeys(tx: Queryable, place: Place, from: Sql): Promise<void> {
  if (!hasKeys(place)) return
  for (const one of spelling) await tx.query(raw(`set local ${one}`))
  await tx.query(sql`
    insert into ${ident(keysTable)} (${join(keyNames(place))})
    select ${join(keyValues(place))} from ${from} as ${ident(place.table.name)} where ${condition(place.where)}
    on conflict do nothing`)
  await tx.query(sql`analyze ${ident(keysTable)}`)
}
