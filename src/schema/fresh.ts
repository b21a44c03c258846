import { RevectorError } from '../core/errors.ts'
import type { Queryable } from '../postgres/database.ts'
import { sql } from '../postgres/sql.ts'
import { addCapture } from './capture/capture.ts'
import { findTable, relationExists } from './catalog.ts'
import { addEffortColumn } from './effort-column.ts'
import { createHistory, recordDone, recordStart } from './history.ts'
import { keepPrivate } from './keep-private.ts'
import { ownLayout, saveLayout } from './layout.ts'
import { addMigrationTables } from './migration-tables.ts'
import { embeddingsTable } from './names.ts'
import { script } from './scripts.ts'
import { addServiceTables } from './service-tables.ts'

/** Tables that revision 1 creates. */
export const ownTables = ['documents', 'chunks', 'chunk_embeddings'] as const

/** Tables that revision 2 creates beside them. */
export const registryTables = ['embedding_models', 'revector_layout'] as const

/** Whether the database has no tables of Revector and none to adopt. */
export async function isFresh(db: Queryable): Promise<boolean> {
  return (await findTable(db, 'chunk_embeddings')) === null
}

/** Revision 1, and later ones if wanted, on a database without Revector's tables: all or nothing. */
export async function createFresh(tx: Queryable, to: number): Promise<void> {
  const schema = await currentSchema(tx)
  for (const name of ownTables) {
    if (await relationExists(tx, { schema, name })) throw nameTaken(schema, name)
  }
  await createHistory(tx)
  await recordStart(tx, 1, { createdTables: ownTables })
  await tx.query(script('0001_documents.sql'))
  await tx.query(script('0001_chunks.sql'))
  await tx.query(script('0001_embeddings.sql'))
  await keepPrivate(
    tx,
    ownTables.map((name) => ({ schema, name })),
  )
  await recordDone(tx, 1)
  if (to >= 2) await replaceFresh(tx, schema)
  if (to >= 3) await addMigrationTables(tx)
  if (to >= 4) await addServiceTables(tx)
  if (to >= 5) await addEffortColumn(tx)
  if (to >= 6) await addCapture(tx)
}

async function replaceFresh(tx: Queryable, schema: string): Promise<void> {
  await recordStart(tx, 2, { kind: 'fresh' })
  await tx.query(script('0002_registry.sql'))
  await tx.query(script('0002_embeddings.sql'))
  await keepPrivate(
    tx,
    [...registryTables, embeddingsTable].map((name) => ({ schema, name })),
  )
  await saveLayout(tx, ownLayout(schema))
  await recordDone(tx, 2)
}

export async function currentSchema(db: Queryable): Promise<string> {
  const { rows } = await db.query<{ schema: string | null }>(sql`select current_schema() as schema`)
  const schema = rows[0]?.schema ?? null
  if (schema !== null) return schema
  throw new RevectorError(
    'DATABASE_PERMISSION_DENIED',
    'No schema on the search path exists and may be used.',
    { hint: 'Choose one with --schema NAME (REVECTOR_SCHEMA); `revector db init` creates it.' },
  )
}

function nameTaken(schema: string, name: string): RevectorError {
  return new RevectorError(
    'UPGRADE_REFUSED',
    `The schema ${schema} has a table ${name} that is not Revector's, and no chunk_embeddings to adopt.`,
    {
      hint: 'Use a schema of its own: --schema NAME (REVECTOR_SCHEMA) with `revector db init`. Or use another database, or rename the table.',
      data: { schema, table: name },
    },
  )
}
