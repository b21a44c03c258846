import pg from 'pg'
import { dropEverything } from '../../src/postgres/backup/drop-everything.ts'
import type { DatabaseOptions } from '../../src/postgres/connect.ts'
import type { Database } from '../../src/postgres/database.ts'
import { inMemory } from '../../src/postgres/embedded/open.ts'
import { snapshotFile } from '../../src/postgres/embedded/snapshot.ts'
import { WireStream } from '../../src/postgres/embedded/wire-stream.ts'
import { openWorkerHost, type WorkerHost } from '../../src/postgres/embedded/worker-host.ts'
import { openPool } from '../../src/postgres/open-pool.ts'

interface Engine {
  readonly host: WorkerHost
  uses: number
}

const session = { user: 'postgres', database: 'postgres', ssl: false } as const
/** Engines of this process that no test uses now, all emptied. */
const idle: Engine[] = []
/** What is dropped takes memory until the engine ends. */
const mostUses = 20

/**
 * An empty embedded database in memory. Starting an engine takes longer than most tests, so one that a test has closed is
 * emptied and used again. test/postgres opens its engines as users do.
 */
export async function connectReused(options: DatabaseOptions): Promise<Database> {
  const engine = idle.pop() ?? {
    host: await openWorkerHost({ folder: null, snapshot: snapshotFile() }),
    uses: 0,
  }
  const { host } = engine
  engine.uses += 1
  return openPool({
    place: { engine: 'embedded', address: inMemory, database: session.database, user: session.user },
    pool: { ...session, max: 1, idleTimeoutMillis: 0, stream: () => new WireStream(host) },
    options,
    files: { path: null, dump: host.dump },
    afterClose: async () => {
      if (engine.uses < mostUses && (await isEmptied(host).catch(() => false))) idle.push(engine)
      else await host.close()
    },
  })
}

/** Ends the engines: without that, their threads keep the process. */
export async function closeIdle(): Promise<void> {
  await Promise.all(idle.splice(0).map(({ host }) => host.close()))
}

/** Drops what the test made. @returns whether nothing else is left of it: roles, settings, a moved extension */
async function isEmptied(host: WorkerHost): Promise<boolean> {
  const client = new pg.Client({ ...session, stream: () => new WireStream(host) })
  await client.connect()
  try {
    await client.query(dropEverything())
    const { rows } = await client.query<{ clean: boolean }>(`
      select not exists (select from pg_roles where rolname !~ '^pg_' and rolname <> 'postgres')
        and not exists (select from pg_db_role_setting)
        and not exists (select from pg_extension where extname not in ('plpgsql', 'vector'))
        and exists (select from pg_extension where extname = 'vector' and extnamespace = 'public'::regnamespace)
        and not exists (select from pg_largeobject_metadata)
        and (select nspacl::text = '{pg_database_owner=UC/pg_database_owner,=U/pg_database_owner}'
          from pg_namespace where nspname = 'public')
        as clean`)
    return rows[0]?.clean === true
  } finally {
    await client.end()
  }
}
