import type { Queryable } from '../postgres/database.ts'
import { ident, sql } from '../postgres/sql.ts'
import { keepAddedPrivate, makeRoomFor, schemaOfModels } from './added-tables.ts'
import { forget, recordDone, recordStart } from './history.ts'
import { script } from './scripts.ts'

const tables = ['revector_idempotency_keys', 'revector_audit_log', 'revector_api_keys'] as const

/** Revision 4: keys, audit log and stored replies of a service, all or nothing. Touches no other table. */
export async function addServiceTables(tx: Queryable): Promise<void> {
  await makeRoomFor(tx, tables)
  await recordStart(tx, 4, {})
  await tx.query(script('0004_service.sql'))
  await keepAddedPrivate(tx, tables)
  await recordDone(tx, 4)
}

/** Back to revision 3: keys stop working, and the audit log is dropped. */
export async function dropServiceTables(tx: Queryable): Promise<void> {
  const schema = await schemaOfModels(tx)
  for (const name of tables) await tx.query(sql`drop table ${ident(schema, name)}`)
  await forget(tx, 4)
}
