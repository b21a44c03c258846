import type { Queryable } from '../postgres/database.ts'
import { raw, sql } from '../postgres/sql.ts'
import { indexKind, type Space } from './index-kind.ts'
import { isOlder, parallelBuildsSafeSince } from './pgvector-version.ts'

/** What an operator wants of index builds; what is left out follows the server. */
export interface BuildLimits {
  /** Most memory that one build may take, in bytes. */
  readonly memory?: number
  /** Server processes that may help. */
  readonly helpers?: number
  /** One process, whatever the server allows: for a busy small machine. */
  readonly gentle?: boolean
}

/** What the build of an HNSW index needs, and what it gets. */
export interface BuildMeans {
  /** For the whole index to be built in memory; past its memory, pgvector is many times slower. */
  readonly neededBytes: number
  readonly memoryBytes: number
  readonly fits: boolean
  /** The building process and its helpers. */
  readonly processes: number
  readonly seconds: number
}

/** Neighbours of an element, its header and its place among the others; measured. */
const elementBytes = 600
/** What pgvector allocates beyond its elements. */
const overhead = 1.2

/** Memory of a whole HNSW index while it is built, in bytes. */
export function buildBytes(space: Space, rows: number): number {
  const { form } = indexKind(space)
  const width =
    form === 'vector' ? space.dimension * 4 : form === 'halfvec' ? space.dimension * 2 : space.dimension / 8
  return Math.ceil(rows * (width + elementBytes) * overhead)
}

interface ServerSettings {
  readonly maintenanceBytes: number
  readonly sharedBytes: number
  readonly cacheBytes: number
  readonly helpers: number
  readonly pgvector: string
}

async function serverSettings(db: Queryable): Promise<ServerSettings> {
  const bytesOf = (name: string) => sql`pg_size_bytes(current_setting(${raw(`'${name}'`)}))::text`
  const { rows } = await db.query<{
    maintenance: string
    shared: string
    cache: string
    helpers: number
    pgvector: string | null
  }>(sql`
    select ${bytesOf('maintenance_work_mem')} as maintenance, ${bytesOf('shared_buffers')} as shared,
      ${bytesOf('effective_cache_size')} as cache,
      current_setting('max_parallel_maintenance_workers')::int as helpers,
      (select extversion from pg_extension where extname = 'vector') as pgvector`)
  const [row] = rows
  return {
    maintenanceBytes: Number(row?.maintenance ?? 0),
    sharedBytes: Number(row?.shared ?? 0),
    cacheBytes: Number(row?.cache ?? 0),
    helpers: row?.helpers ?? 0,
    pgvector: row?.pgvector ?? '0',
  }
}

/**
 * What a build gets. Its memory: as said, else a quarter of what the server counts on for caching beside its own
 * buffers (`effective_cache_size`), or `maintenance_work_mem` if that is more; never more than it needs. Its processes:
 * as PostgreSQL is set up, one where pgvector's parallel builds are not safe, and on the embedded engine.
 */
export async function meansOf(
  db: Queryable,
  build: {
    readonly space: Space
    readonly rows: number
    /** Whether the engine has other processes. */
    readonly concurrent: boolean
  },
  limits: BuildLimits = {},
): Promise<BuildMeans> {
  const server = await serverSettings(db)
  const neededBytes = buildBytes(build.space, build.rows)
  const most =
    limits.memory ?? Math.max(server.maintenanceBytes, (server.cacheBytes - server.sharedBytes) / 4)
  const memoryBytes = Math.floor(
    Math.max(leastBytes, Math.min(most, Math.max(neededBytes, server.maintenanceBytes))),
  )
  const safe = build.concurrent && !isOlder(server.pgvector, parallelBuildsSafeSince)
  const helpers =
    limits.gentle === true || !safe ? 0 : Math.min(limits.helpers ?? server.helpers, server.helpers)
  const share = Math.min(1, memoryBytes / Math.max(1, neededBytes))
  return {
    neededBytes,
    memoryBytes,
    fits: share === 1,
    processes: helpers + 1,
    seconds: secondsOf(build, { share, helpers }),
  }
}

/** The least that PostgreSQL 17 accepts is 64 kB; below this, no build is worth starting. */
const leastBytes = 2 ** 20

/** Measured on two busy cores with one process: 740 rows of 384 numbers a second, and 110 once they no longer fit. */
const rowsPerSecond = 740
const slowdown = 6.7
const helperShare = 0.8

function secondsOf(
  { space, rows }: { readonly space: Space; readonly rows: number },
  { share, helpers }: { readonly share: number; readonly helpers: number },
): number {
  const wide = (space.dimension + 400) / 784
  const inMemory = (rows * share) / rowsPerSecond / (1 + helperShare * helpers)
  return wide * (inMemory + ((rows * (1 - share)) / rowsPerSecond) * slowdown)
}
