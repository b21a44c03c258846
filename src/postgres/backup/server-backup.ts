import { createWriteStream } from 'node:fs'
import { appendFile, writeFile } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import type { TableFacts } from '../../wire/database.ts'
import type { DatabaseOptions } from '../connect.ts'
import type { Database, Queryable } from '../database.ts'
import { ident, raw } from '../sql.ts'
import { toolConnection } from './connection-string.ts'
import { manifestLine, manifestOf } from './manifest.ts'
import { tableFacts } from './table-facts.ts'
import { findTool, runTool } from './tools.ts'

export interface ServerBackup {
  readonly database: Database
  readonly options: DatabaseOptions
  /** Written to; renamed by the caller when complete. */
  readonly target: string
  /** Plain SQL for psql, else pg_dump's custom format. */
  readonly plain: boolean
  /** Private temporary folder. */
  readonly folder: string
  readonly signal: AbortSignal | undefined
}

/** pg_dump, and our own count of every table, both in one snapshot. */
export async function backupServer(job: ServerBackup): Promise<readonly TableFacts[]> {
  const { database } = job
  const pgDump = await findTool('pg_dump', database.serverVersion)
  const connection = await toolConnection(job.options, job.folder)
  return database.transaction(
    async (tx) => {
      const snapshot = await exportSnapshot(tx)
      const { schema } = database
      const tables = await tableFacts(tx, schema)
      const line = manifestLine(manifestOf(database, tables, schema))
      const args = [
        '--no-password',
        '--no-owner',
        '--no-toast-compression',
        `--snapshot=${snapshot}`,
        // A pattern: quoted, it is the name itself.
        ...(schema === null ? [] : [`--schema=${ident(schema).text}`]),
        `--dbname=${connection}`,
      ]
      if (job.plain) {
        await writeFile(job.target, line)
        await runTool(pgDump, [...args, '--format=plain'], {
          signal: job.signal,
          takeOutput: (output) => pipeline(output, createWriteStream(job.target, { flags: 'a' })),
        })
      } else {
        // Into a named file: pg_dump seeks back in it to note where each table begins.
        await runTool(pgDump, [...args, '--format=custom', `--file=${job.target}`], { signal: job.signal })
        await appendFile(job.target, `\n${line}`)
      }
      return tables
    },
    { isolation: 'repeatable read', readOnly: true, retry: false },
  )
}

async function exportSnapshot(tx: Queryable): Promise<string> {
  const { rows } = await tx.query<{ id: string }>(raw('select pg_export_snapshot() as id'))
  return rows[0]?.id ?? ''
}
