import { counted } from '../../core/counted.ts'
import { RevectorError } from '../../core/errors.ts'
import type { Database } from '../database.ts'
import type { Manifest } from './manifest.ts'
import { countUserTables } from './table-facts.ts'

/** @throws RevectorError CONSENT_MISSING if a restore would replace something */
export async function assertEmpty(
  database: Database,
  { force, schema }: { readonly force: boolean; readonly schema: string | null },
): Promise<void> {
  if (force) return
  const tables = await countUserTables(database, schema)
  if (tables === 0) return
  const what = schema === null ? 'The database' : `The schema ${JSON.stringify(schema)}`
  throw new RevectorError(
    'CONSENT_MISSING',
    `${what} is not empty: it has ${counted(tables, 'table')}, which a restore would replace.`,
    {
      hint: 'Back it up, then restore with consent (force), or restore into an empty database.',
      data: { tables },
    },
  )
}

/**
 * A backup of one schema replaces that schema, one of everything replaces everything.
 *
 * @throws RevectorError BACKUP_FAILED if the backup is of another part of a database than the one that is to be replaced
 */
export function refuseOtherSchema(file: string, manifest: Manifest | null, schema: string | null): void {
  if (manifest === null || (manifest.schema ?? null) === schema) return
  const { schema: saved } = manifest
  throw new RevectorError(
    'BACKUP_FAILED',
    saved === undefined
      ? `${file} is a backup of everything in a database, not of the schema ${JSON.stringify(schema)} alone.`
      : `${file} is a backup of the schema ${JSON.stringify(saved)}, not of ${schema === null ? 'everything in a database' : JSON.stringify(schema)}.`,
    {
      hint:
        saved === undefined
          ? 'Restore it without --schema (REVECTOR_SCHEMA): it replaces everything in the database.'
          : `Restore it with --schema ${JSON.stringify(saved)}: it replaces that schema.`,
      data: { schema: saved ?? null },
    },
  )
}

/** psql's message without its line number in a script that the user never sees. */
export function restoreFailed(file: string, error: unknown): RevectorError {
  if (error instanceof RevectorError) return error
  const text = error instanceof Error ? error.message : String(error)
  const line =
    text.split('\n').find((each) => /ERROR:|FATAL:|error:/.test(each)) ?? text.split('\n')[0] ?? text
  const why = line.replace(/^.*?(ERROR|FATAL|error):\s*/, '').replace(/\.$/, '')
  return new RevectorError('BACKUP_FAILED', `${file} was not restored: ${why}.`, {
    hint: 'The database has not changed. If a role is missing, create it and restore again.',
    cause: error,
  })
}
