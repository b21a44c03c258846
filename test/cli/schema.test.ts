import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { connectDatabase } from '../../src/postgres/connect.ts'
import { sql } from '../../src/postgres/sql.ts'
import { temporaryFolder } from '../support/engines.ts'
import { runCli } from './run-cli.ts'

vi.setConfig({ testTimeout: 120_000 })

async function schemasWithTables(dataDir: string): Promise<readonly string[]> {
  const db = await connectDatabase({ dataDir })
  try {
    const { rows } = await db.query<{ name: string }>(sql`
      select schemaname as name from pg_tables where tablename = 'embedding_models' order by 1`)
    return rows.map(({ name }) => name)
  } finally {
    await db.close()
  }
}

describe('--schema', () => {
  it('is an option of every command, a variable, and an option of the file, in this order', async () => {
    const folder = await temporaryFolder()
    const config = join(folder, 'config.json')
    await writeFile(config, JSON.stringify({ schema: 'of file' }))
    await writeFile(join(folder, 'owls.md'), 'Owls hunt at night.')
    const run = (args: readonly string[], env: Record<string, string> = {}) =>
      runCli(['--json', ...args], { cwd: folder, env })

    const missing = await run(['--schema', 'of flag', 'ingest', 'owls.md'])
    expect(missing).toMatchObject({ code: 1 })
    expect(missing.json().error).toMatchObject({
      code: 'SCHEMA_MISSING',
      hint: expect.stringContaining("revector db init --schema 'of flag'"),
    })
    expect(await run(['--config', config, 'db', 'init'])).toMatchObject({ code: 0 })
    const env = { REVECTOR_SCHEMA: 'of variable' }
    expect(await run(['--config', config, 'db', 'init'], env)).toMatchObject({ code: 0 })
    expect(await run(['--schema', 'of flag', '--config', config, 'db', 'run'], env)).toMatchObject({
      code: 0,
    })
    expect(await schemasWithTables(join(folder, '.revector'))).toEqual(['of file', 'of flag', 'of variable'])

    expect(await run(['ingest', 'owls.md'], env)).toMatchObject({ code: 0 })
    expect((await run(['documents', 'list'], env)).json().documents).toHaveLength(1)
    expect((await run(['--config', config, 'documents', 'list'])).json().documents).toEqual([])
  })

  it('is refused where it is no name', async () => {
    const refused = await runCli(['--json', '--schema', 'pg_temp', 'db', 'init'], {
      cwd: await temporaryFolder(),
    })
    expect(refused).toMatchObject({ code: 2 })
    expect(refused.json().error).toMatchObject({
      code: 'CONFIG_INVALID',
      message:
        'Option schema: expected a schema that is not PostgreSQL’s own (pg_…, information_schema), got "pg_temp".',
    })
  })
})
