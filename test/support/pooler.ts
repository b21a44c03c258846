import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { describe, inject } from 'vitest'
import { afterUse, type Engine, serverUrl, temporaryFolder } from './engines.ts'

/** What a PgBouncer is asked to do. */
export interface PoolerMode {
  readonly pool: 'session' | 'transaction'
  /** Whether it keeps prepared statements for its clients; needed in neither mode. */
  readonly prepared: boolean
}

export const poolerModes: readonly PoolerMode[] = [
  { pool: 'session', prepared: false },
  { pool: 'transaction', prepared: false },
  { pool: 'transaction', prepared: true },
]

/** Runs a suite behind a real PgBouncer, where there are one and a server; elsewhere its tests are reported as skipped. */
export function describePoolers(
  name: string,
  body: (mode: PoolerMode, url: string) => void,
  modes: readonly PoolerMode[] = poolerModes,
): void {
  const url = serverUrl ?? ''
  for (const mode of modes) {
    const how = `PgBouncer, ${mode.pool} mode, prepared statements ${mode.prepared ? 'on' : 'off'}`
    describe.skipIf(serverUrl === null || inject('pooler') === null)(`${name} (${how})`, () =>
      body(mode, url),
    )
  }
}

/** @returns the address of the server's database behind the pooler */
export type Pooled = (databaseUrl: string) => string

/** A PgBouncer before the server of the URL, ended after the test or the file. */
export async function startPooler(server: string, { pool, prepared }: PoolerMode): Promise<Pooled> {
  const { hostname, port, username, password } = new URL(server)
  const folder = await temporaryFolder()
  // Started by root, it goes on as a user of its own.
  await chmod(folder, 0o755)
  const own = await freePort()
  const users = join(folder, 'users')
  await writeFile(users, `"${decodeURIComponent(username)}" "${decodeURIComponent(password)}"\n`)
  const file = join(folder, 'pgbouncer.ini')
  await writeFile(
    file,
    `[databases]
* = host=${hostname} port=${port || 5432}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${own}
unix_socket_dir =
auth_type = plain
auth_file = ${users}
pool_mode = ${pool}
default_pool_size = 12
max_client_conn = 200
max_prepared_statements = ${prepared ? 100 : 0}
`,
  )
  const asUser = process.getuid?.() === 0 ? ['-u', 'nobody'] : []
  const child = spawn(inject('pooler') ?? '', [...asUser, file], { stdio: ['ignore', 'ignore', 'pipe'] })
  const ended = once(child, 'close')
  afterUse(async () => {
    child.kill('SIGTERM')
    // It waits for its clients; what the tests left open does not matter.
    child.kill('SIGQUIT')
    await ended
  })
  for await (const line of createInterface(child.stderr)) if (line.includes('process up')) break
  child.stderr.resume()
  return (databaseUrl) => {
    const url = new URL(databaseUrl)
    url.host = `127.0.0.1:${own}`
    return url.href
  }
}

/** A fresh database of the server, as it is reached through the pooler and without it. */
export async function pooledPlace(
  engine: Pick<Engine, 'place'>,
  pooled: Pooled,
): Promise<{ readonly databaseUrl: string; readonly directDatabaseUrl: string }> {
  const place = await engine.place()
  if (!('databaseUrl' in place)) throw new Error('a pooler needs a server')
  return { databaseUrl: pooled(place.databaseUrl), directDatabaseUrl: place.databaseUrl }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
