import { chmod, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import { temporaryFolder } from './engines.ts'
import { runProgram } from './run-program.ts'

const script = fileURLToPath(new URL('../../scripts/postgres.sh', import.meta.url))

export interface OwnServer {
  readonly databaseUrl: string
  stop(): Promise<void>
  /** Where it was before. */
  start(): Promise<void>
  /** A hot standby with everything that was committed so far; returns its URL. Needs `wal_level = replica`. */
  standby(): Promise<string>
}

/**
 * A server for one test, which may be stopped and started under whoever uses it.
 *
 * @param settings lines for its postgresql.conf
 */
export async function ownServer(settings = ''): Promise<OwnServer> {
  const parent = await temporaryFolder()
  // The server may run as a user of its own.
  await chmod(parent, 0o755)
  const folder = join(parent, 'server')
  async function run(
    command: 'start' | 'stop' | 'url' | 'standby',
    { of = folder, args = [] }: { readonly of?: string; readonly args?: readonly string[] } = {},
  ): Promise<string> {
    const env = {
      ...process.env,
      REVECTOR_POSTGRES_DIR: of,
      REVECTOR_POSTGRES_SETTINGS: settings,
    }
    const { status, stdout, stderr } = await runProgram('bash', [script, command, ...args], {
      cwd: parent,
      env,
    })
    if (status !== 0) throw new Error(`scripts/postgres.sh ${command} ended with ${status}: ${stderr}`)
    return stdout.trim()
  }
  onTestFinished(async () => {
    await run('stop')
    await rm(folder, { recursive: true, force: true })
  })
  await run('start')
  return {
    databaseUrl: await run('url'),
    stop: async () => void (await run('stop')),
    start: async () => void (await run('start')),
    standby: async () => {
      const copy = join(parent, 'standby')
      onTestFinished(async () => {
        await run('stop', { of: copy })
        await rm(copy, { recursive: true, force: true })
      })
      return run('standby', { args: [copy] })
    },
  }
}
