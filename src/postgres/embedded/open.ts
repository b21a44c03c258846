import { resolve } from 'node:path'
import type { DatabaseOptions } from '../connect.ts'
import type { Database } from '../database.ts'
import { openPool } from '../open-pool.ts'
import { openHost } from './host.ts'
import { WireStream } from './wire-stream.ts'

export const inMemory = 'memory:'

export async function openEmbedded(options: DatabaseOptions): Promise<Database> {
  const dataDir = options.dataDir ?? '.revector'
  const folder = dataDir === inMemory ? null : resolve(dataDir, 'database')
  const host = await openHost({ folder, snapshot: null })
  return openPool({
    place: { engine: 'embedded', address: folder ?? 'memory', database: 'postgres', user: 'postgres' },
    pool: {
      // One session, never given up: what is idle costs nothing.
      max: 1,
      idleTimeoutMillis: 0,
      user: 'postgres',
      database: 'postgres',
      ssl: false,
      stream: () => new WireStream(host.exec),
    },
    options,
    afterClose: () => host.close(),
  })
}
