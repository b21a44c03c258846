import { createReadStream } from 'node:fs'
import { PassThrough, type Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { TableFacts } from '../../wire/database.ts'
import { connectDatabase, type DatabaseOptions } from '../connect.ts'
import { sql } from '../sql.ts'
import { toolConnection } from './connection-string.ts'
import { resumeDefaultPrivileges, suspendDefaultPrivileges } from './default-privileges.ts'
import { dropEverything } from './drop-everything.ts'
import type { Manifest } from './manifest.ts'
import { makeRoom, triggersAgain, withoutCreating } from './one-schema.ts'
import { assertEmpty } from './restore-errors.ts'
import { tableFacts } from './table-facts.ts'
import { findTool, runTool } from './tools.ts'
import { verification } from './verification.ts'

export interface ServerRestore {
  readonly options: DatabaseOptions
  readonly file: string
  readonly format: 'plain' | 'custom'
  readonly manifest: Manifest | null
  readonly folder: string
  readonly force: boolean
  readonly signal: AbortSignal | undefined
}

/**
 * Everything in one psql transaction: drop the old, load the dump, verify. If anything fails, nothing has
 * changed.
 */
export async function restoreServer(job: ServerRestore): Promise<readonly TableFacts[]> {
  const database = await connectDatabase({ ...job.options, poolSize: 1 })
  try {
    const schema = job.options.schema ?? null
    await assertEmpty(database, { force: job.force, schema })
    const psql = await findTool('psql', database.serverVersion)
    const pgRestore = job.format === 'custom' ? await findTool('pg_restore', database.serverVersion) : null
    const connection = await toolConnection(job.options, job.folder)
    const { output } = await runTool(
      psql,
      ['--no-psqlrc', '--quiet', '--no-password', '--set=ON_ERROR_STOP=1', `--dbname=${connection}`],
      { signal: job.signal, input: script(job, pgRestore) },
    )
    if (!output.includes(committed)) throw new Error('psql ended before the commit')
    await database.query(sql`analyze`)
    return (
      job.manifest?.tables ?? (await database.transaction((tx) => tableFacts(tx, schema), { readOnly: true }))
    )
  } finally {
    await database.close()
  }
}

/** What psql says when it has read and done everything. */
const committed = 'revector: committed'

/**
 * COMMIT comes last and only if the dump was read completely; without it psql ends and the server rolls back.
 */
async function* script(job: ServerRestore, pgRestore: string | null): AsyncGenerator<Buffer | string> {
  const { schema } = job.options
  yield 'begin;\nset local client_min_messages = warning;\n'
  if (schema !== undefined) yield makeRoom(schema, job.force)
  else if (job.force) yield dropEverything()
  yield suspendDefaultPrivileges
  const dump = pgRestore === null ? createReadStream(job.file) : archive(pgRestore, job)
  yield* schema === undefined ? dump : withoutCreating(schema, dump)
  // No empty statement here: after the rows of a COPY psql ends at one, without a word and without the commit.
  yield '\n'
  if (schema !== undefined) yield triggersAgain
  yield resumeDefaultPrivileges
  if (job.manifest !== null) yield verification(job.manifest.tables)
  yield `commit;\n\\echo ${committed}\n`
}

async function* archive(pgRestore: string, job: ServerRestore): AsyncGenerator<Buffer> {
  const text = new PassThrough()
  const done = runTool(pgRestore, ['--no-owner', '--file=-', job.file], {
    signal: job.signal,
    takeOutput: (output: Readable) => pipeline(output, text),
  })
  done.catch((error: unknown) => text.destroy(error instanceof Error ? error : new Error(String(error))))
  yield* text as AsyncIterable<Buffer>
  await done
}
