import type { Queryable } from '../../postgres/database.ts'
import { ident, join, raw, type Sql, sql } from '../../postgres/sql.ts'
import { literal, relationExists } from '../catalog.ts'
import { revokesOf } from '../keep-private.ts'
import { type TableName, tableOf } from '../layout.ts'
import { instant, type Step, shortly } from './context.ts'
import { sameTable } from './discover.ts'
import type { AddedColumn, AddedDefault, Adoption } from './record.ts'
import { spoken } from './table-facts.ts'

/** The adoption's own columns and those of the mapping: one ALTER TABLE per table. */
export function columnsByTable(adoption: Adoption): Step[] {
  const own: AddedColumn[] = []
  if (adoption.addsModelId) {
    own.push(added(adoption.table, 'model_id', `int not null default ${adoption.modelId}`))
  }
  if (adoption.addsId) own.push(added(adoption.table, 'id', 'bigint not null default 0'))
  const tables: TableName[] = []
  const all = [...adoption.columns, ...own]
  for (const { table } of all) if (!tables.some((one) => sameTable(one, table))) tables.push(table)
  return tables.map((table) =>
    columns(
      table,
      all.filter((one) => sameTable(one.table, table)),
    ),
  )
}

function added(table: TableName, column: string, definition: string): AddedColumn {
  return { table, column, definition, laterDefault: null }
}

function columns(table: TableName, wanted: readonly AddedColumn[]): Step {
  const changes = wanted.flatMap(({ column, definition, laterDefault }): Sql[] => [
    sql`add column if not exists ${ident(column)} ${raw(definition)}`,
    ...(laterDefault === null ? [] : [sql`alter column ${ident(column)} set default ${raw(laterDefault)}`]),
  ])
  const drops = wanted.map(({ column }) => sql`drop column if exists ${ident(column)}`)
  return {
    name: `columns of ${spoken(table)}`,
    does: `adds ${wanted.map(({ column }) => column).join(', ')} to ${spoken(table)}; no row is rewritten`,
    undoes: `drops ${wanted.map(({ column }) => column).join(', ')} from ${spoken(table)}`,
    locks: instant(spoken(table)),
    growsWithRows: false,
    apply: (context) =>
      shortly(
        context,
        async (tx) => void (await tx.query(sql`alter table ${tableOf(table)} ${join(changes)}`)),
      ),
    undo: (context) =>
      shortly(
        context,
        async (tx) => void (await tx.query(sql`alter table ${tableOf(table)} ${join(drops)}`)),
      ),
  }
}

export function defaults(adoption: Adoption): Step {
  const tables = [...new Set(adoption.defaults.map(({ table }) => spoken(table)))].join(', ')
  const list = adoption.defaults.map(
    ({ table, column, expression }) =>
      `${spoken(table)}.${column} ${expression === '' ? '(a sequence)' : expression}`,
  )
  return {
    name: 'defaults',
    does: `sets defaults of required columns that have none, so that ingest can add rows: ${list.join(', ')}`,
    undoes: `restores the defaults of ${adoption.defaults.map(({ table, column }) => `${spoken(table)}.${column}`).join(', ')}`,
    locks: instant(tables),
    growsWithRows: false,
    apply: async (context) => {
      for (const one of adoption.defaults) await shortly(context, (tx) => addDefault(tx, one))
    },
    undo: async (context) => {
      for (const one of adoption.defaults) await shortly(context, (tx) => dropDefault(tx, one))
    },
  }
}

async function addDefault(tx: Queryable, one: AddedDefault): Promise<void> {
  let expression = one.expression
  if (one.sequence !== null) {
    const sequence = { schema: one.table.schema, name: one.sequence }
    expression = `nextval(${literal(tableOf(sequence).text).text}::regclass)`
    if (!(await relationExists(tx, sequence))) {
      await tx.query(sql`create sequence ${tableOf(sequence)}`)
      for (const revoke of await revokesOf(tx, sequence, 'sequence')) await tx.query(revoke)
      await tx.query(sql`
        select setval(${tableOf(sequence).text}::regclass, coalesce(max(${ident(one.column)}), 0) + 1, false)
        from ${tableOf(one.table)}`)
    }
  }
  await tx.query(sql`
    alter table ${tableOf(one.table)} alter column ${ident(one.column)} set default ${raw(expression)}`)
}

async function dropDefault(tx: Queryable, one: AddedDefault): Promise<void> {
  const back = raw(one.previous === null ? 'drop default' : `set default ${one.previous}`)
  await tx.query(sql`alter table ${tableOf(one.table)} alter column ${ident(one.column)} ${back}`)
  if (one.sequence !== null) {
    await tx.query(sql`drop sequence if exists ${ident(one.table.schema, one.sequence)}`)
  }
}
