import type { PoolClient } from 'pg'
import { RevectorError } from '../core/errors.ts'
import { databaseError, type Place, sqlstateOf } from './errors.ts'
import type { Pgvector } from './pgvector.ts'

export interface Versions {
  readonly serverVersion: string
  readonly pgvectorVersion: string
  readonly pgvector: Pgvector
}

interface VersionRow {
  readonly number: number
  readonly version: string
  readonly installed: string | null
  readonly available: string | null
  readonly oid: number | null
  readonly schema: string | null
}

const versionQuery = `
select current_setting('server_version_num')::int as number,
       current_setting('server_version') as version,
       e.extversion as installed,
       a.default_version as available,
       t.oid::int8::int as oid,
       n.nspname as schema
from (select) as always
left join pg_available_extensions a on a.name = 'vector'
left join pg_extension e on e.extname = 'vector'
left join pg_namespace n on n.oid = e.extnamespace
left join pg_type t on t.typnamespace = e.extnamespace and t.typname = 'vector'`

/**
 * Checks that the server is PostgreSQL ≥ 15 with pgvector ≥ 0.8, and creates the extension if it is installed
 * but not created.
 *
 * @throws RevectorError DATABASE_TOO_OLD, EXTENSION_MISSING, EXTENSION_TOO_OLD, DATABASE_PERMISSION_DENIED
 */
export async function readVersions(client: PoolClient, place: Place): Promise<Versions> {
  let row = await versionRow(client)
  if (row.number < 150_000) {
    throw new RevectorError(
      'DATABASE_TOO_OLD',
      `PostgreSQL 15 or newer is needed; the server at ${place.address} is ${row.version}.`,
      {
        hint: 'Upgrade the server, or leave DATABASE_URL unset to use the embedded engine.',
        data: { required: '15', found: row.version },
      },
    )
  }
  if (row.installed === null) {
    if (row.available === null) throw notAvailable(row, place)
    await createExtension(client, place)
    row = await versionRow(client)
  }
  if (row.installed === null || row.oid === null || row.schema === null) throw notAvailable(row, place)
  const [major = 0, minor = 0] = row.installed.split('.').map(Number)
  if (major === 0 && minor < 8) {
    const newer = row.available !== null && row.available !== row.installed
    throw new RevectorError(
      'EXTENSION_TOO_OLD',
      `pgvector 0.8 or newer is needed; the database "${place.database}" has ${row.installed}.`,
      {
        hint: newer
          ? `Run "alter extension vector update" in it: the server has ${row.available}.`
          : 'Install a newer pgvector on the server, then run "alter extension vector update" in the database.',
        data: { required: '0.8', found: row.installed },
      },
    )
  }
  return {
    serverVersion: row.version.split(' ')[0] ?? row.version,
    pgvectorVersion: row.installed,
    pgvector: { oid: row.oid, schema: row.schema },
  }
}

async function versionRow(client: PoolClient): Promise<VersionRow> {
  const { rows } = await client.query<VersionRow>(versionQuery)
  const row = rows[0]
  if (row === undefined) throw new RevectorError('INTERNAL', 'The server did not report its version.')
  return row
}

async function createExtension(client: PoolClient, place: Place): Promise<void> {
  try {
    await client.query('begin')
    // The timeout for searches must not apply to this statement.
    await client.query('set local statement_timeout = 0')
    await client.query('create extension if not exists vector')
    await client.query('commit')
  } catch (error) {
    await client.query('rollback').catch(() => {})
    const state = sqlstateOf(error)
    // Two sessions that create it at once: one of them meets the other's row in the catalog.
    if (state === '23505' || state === '42710') return
    if (state !== '42501') throw databaseError(error, place)
    throw new RevectorError(
      'EXTENSION_MISSING',
      `The pgvector extension is not created in the database "${place.database}", and the user "${place.user}" may not create it.`,
      {
        hint: 'Have a superuser run "create extension vector" in it once.',
        data: { sqlstate: state },
        cause: error,
      },
    )
  }
}

function notAvailable(row: VersionRow, place: Place): RevectorError {
  const major = row.version.split('.')[0] ?? ''
  return new RevectorError(
    'EXTENSION_MISSING',
    `The pgvector extension is not installed on the server at ${place.address}.`,
    {
      hint: `Install it there (Debian and Ubuntu: postgresql-${major}-pgvector; containers: the pgvector image), then connect again.`,
      data: { server_version: row.version },
    },
  )
}
