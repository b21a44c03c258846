import { RevectorError } from '../core/errors.ts'
import type { OnProgress } from '../core/progress.ts'
import type { Database, Queryable } from '../postgres/database.ts'
import { sqlstateOf } from '../postgres/errors.ts'
import { ident, raw, sql } from '../postgres/sql.ts'
import { findTable } from './catalog.ts'
import { keepSchemaPrivate } from './keep-private.ts'
import { schemaStatus } from './status.ts'

/**
 * Creates the schema that is configured, if it is missing. Its owner alone may use it.
 *
 * @throws RevectorError DATABASE_PERMISSION_DENIED with the statements that allow it in `data.grants`
 */
export async function createSchema(db: Database, onProgress?: OnProgress): Promise<void> {
  const { schema } = db
  if (schema === null || (await schemaExists(db, schema))) return
  const { rows } = await db.query<Facts>(sql`
    select current_user::text as "user", current_database()::text as database,
           has_database_privilege(current_database(), 'create') as "mayCreate",
           exists (select from pg_roles where rolname = ${schema}) as "isRole"`)
  const [facts] = rows
  if (facts?.mayCreate === false) throw mayNotCreate(schema, facts)
  try {
    await db.transaction(async (tx) => {
      await tx.query(sql`create schema if not exists ${ident(schema)}`)
      await keepSchemaPrivate(tx, schema)
    })
  } catch (error) {
    // Another process created it at the same moment.
    if (sqlstateOf(error) !== '23505' || !(await schemaExists(db, schema))) throw error
  }
  if (facts?.isRole === true) onProgress?.({ type: 'warning', message: namedLikeRole(schema) })
}

/** After a failure, which is what counts: does nothing where something is in it, or where it can't be dropped. */
export async function dropEmptySchema(db: Queryable, schema: string): Promise<void> {
  await db.query(sql`drop schema if exists ${ident(schema)} restrict`).catch(() => {})
}

interface Facts {
  readonly user: string
  readonly database: string
  readonly mayCreate: boolean
  readonly isRole: boolean
}

/**
 * A schema for an installation beside an application's tables. Not one that is called like a role: PostgreSQL puts that
 * role's own schema first on its search path, and tools would then make their tables in it.
 */
export async function freeSchemaName(db: Database): Promise<string> {
  const names = ['revector', 'revector_data', 'revector_search']
  const { rows } = await db.query<{ name: string }>(sql`
    select name from unnest(${names}::text[]) with ordinality as u (name, place)
    where not exists (select from pg_roles where rolname = name) order by place limit 1`)
  return rows[0]?.name ?? 'revector_of_tables'
}

/** @throws RevectorError SCHEMA_MISSING if one is configured that the database does not have */
export async function requireSchema(db: Database): Promise<void> {
  const { schema } = db
  if (schema === null || (await schemaExists(db, schema))) return
  throw new RevectorError('SCHEMA_MISSING', `The database has no schema ${JSON.stringify(schema)}.`, {
    hint: `Run \`revector db init --schema ${forShell(schema)}\`, which creates it, or correct --schema (REVECTOR_SCHEMA).`,
    data: { schema },
  })
}

/**
 * A fixed-dimension table is adopted where it is, and its name becomes that of Revector's own table. So `db run` refuses to
 * set up an empty schema beside one that its user may mean.
 *
 * @throws RevectorError UPGRADE_REFUSED
 */
export async function refuseTableElsewhere(db: Database): Promise<void> {
  const { schema } = db
  if (schema === null) return
  const here = await schemaStatus(db)
  if (here.revision > 0 || here.legacy !== null) return
  const table = await db.transaction(
    async (tx) => {
      await tx.query(raw('set local search_path to default'))
      return (await schemaStatus(tx)).legacy === null ? null : findTable(tx, 'chunk_embeddings')
    },
    { readOnly: true },
  )
  if (table === null || table.schema === schema) return
  const name = `${table.schema}.${table.name}`
  throw new RevectorError(
    'UPGRADE_REFUSED',
    `${name} is a fixed-dimension table outside of the schema ${JSON.stringify(schema)}: it is adopted in the schema that it is in.`,
    {
      hint: `To adopt it, run \`revector db run --schema ${forShell(table.schema)}\`. For a new corpus beside it, run \`revector db init --schema ${forShell(schema)}\`.`,
      data: { schema, table: name },
    },
  )
}

export async function schemaExists(db: Queryable, schema: string): Promise<boolean> {
  const { rows } = await db.query(sql`select from pg_namespace where nspname = ${schema}`)
  return rows.length > 0
}

function mayNotCreate(schema: string, { user, database }: Facts): RevectorError {
  const grants = [sql`grant create on database ${ident(database)} to ${ident(user)}`.text]
  const instead = sql`create schema ${ident(schema)} authorization ${ident(user)}`.text
  return new RevectorError(
    'DATABASE_PERMISSION_DENIED',
    `The schema ${JSON.stringify(schema)} does not exist, and the user "${user}" may not create one. Nothing was changed.`,
    {
      hint: `Have the owner of the database or a superuser run: ${grants.join('; ')}. Or: ${instead}.`,
      data: { role: user, schema, grants },
    },
  )
}

function namedLikeRole(schema: string): string {
  return `There is a role called ${JSON.stringify(schema)}. PostgreSQL puts a schema with the name of the role first on the search path, so an application that connects as this role finds Revector's tables, and creates its own, there. Another name avoids that.`
}

function forShell(name: string): string {
  return /^[\w.-]+$/.test(name) ? name : `'${name.replaceAll("'", "'\\''")}'`
}
