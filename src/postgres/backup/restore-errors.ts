import { counted } from '../../core/counted.ts'
import { RevectorError } from '../../core/errors.ts'
import type { Database } from '../database.ts'
import { countUserTables } from './table-facts.ts'

/** @throws RevectorError CONSENT_MISSING if a restore would replace something */
export async function assertEmpty(database: Database, force: boolean): Promise<void> {
  if (force) return
  const tables = await countUserTables(database)
  if (tables === 0) return
  throw new RevectorError(
    'CONSENT_MISSING',
    `The database is not empty: it has ${counted(tables, 'table')}, which a restore would replace.`,
    {
      hint: 'Back it up, then restore with consent (force), or restore into an empty database.',
      data: { tables },
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
