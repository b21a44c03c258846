import { ident, join, type Sql, sql } from '../../postgres/sql.ts'
import { keysTable } from '../attach/keys.ts'
import { keyNames, keySpelling, keyValues } from '../attach/side-table.ts'
import type { Place } from '../layout.ts'

/** How the side table of an application's keys is kept in step, as statements of the capture function. */
export interface CapturedKeys {
  /** What a set of rows has to have beside id and text: `, … as …`. */
  readonly columns: Sql
  /** Settings of the function. */
  readonly settings: Sql
  readonly truncate: Sql
  /** The arguments are sets of rows with `id` and the columns. */
  remove(before: Sql): Sql
  add(fresh: Sql): Sql
  change(before: Sql, fresh: Sql): Sql
}

export function capturedKeys(schema: string, place: Place): CapturedKeys {
  const table = ident(schema, keysTable)
  // The first is the id, which every set of rows has.
  const [id, ...names] = keyNames(place)
  const [, ...values] = keyValues(place)
  if (id === undefined) throw new Error('A side table has a column for ids')
  const add = (fresh: Sql): Sql => sql`
    insert into ${table} (${join([id, ...names])})
    select n.id, ${join(names.map((name) => sql`n.${name}`))} from ${fresh} n
    on conflict do nothing;`
  return {
    columns: join(
      values.map((value, i) => sql`, ${value} as ${names[i] ?? id}`),
      '',
    ),
    settings: keySpelling,
    truncate: sql`delete from ${table};`,
    remove: (before) => sql`delete from ${table} k using ${before} o where k.${id} = o.id;`,
    add,
    change: (before, fresh) => sql`
    delete from ${table} k
    using ${before} o where k.${id} = o.id and not exists (select from ${fresh} n where n.id = o.id);
    update ${table} k
    set ${join(names.map((name) => sql`${name} = n.${name}`))}
    from ${fresh} n
    where k.${id} = n.id
      and (${join(
        names.map((name) => sql`k.${name} is distinct from n.${name}`),
        ' or ',
      )});
    ${add(fresh)}`,
  }
}
