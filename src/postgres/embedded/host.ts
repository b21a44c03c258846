import { existsSync, readdirSync, statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isMainThread } from 'node:worker_threads'
import { PGlite } from '@electric-sql/pglite'
import { vector } from '@electric-sql/pglite-pgvector'
import { simpleQuery } from './messages.ts'

/** The exit code of the thread after an error that the engine cannot recover from. */
export const trapExitCode = 70

export interface HostOptions {
  /** Folder of the cluster; null: in memory. */
  readonly folder: string | null
  /** Tar of a data folder to start from, if there is none yet. */
  readonly snapshot: string | null
}

/** The embedded engine itself, wherever it runs: wire protocol in, wire protocol out, one batch at a time. */
export interface Host {
  /** Calls `onData` any number of times before it resolves. Rejects when the engine is dead. */
  exec(message: Uint8Array, onData: (bytes: Uint8Array) => void): Promise<void>
  /** The whole data folder as a gzipped tar. Only outside transactions. */
  dump(): Promise<Uint8Array>
  close(): Promise<void>
}

export const walSegmentMb = 4
/** Nothing else makes checkpoints: see `createCheckpoints`. */
const checkpointAfterMb = 128

const settings: Readonly<Record<string, string>> = {
  max_wal_size: `${checkpointAfterMb}MB`,
  min_wal_size: `${4 * walSegmentMb}MB`,
  // What a transaction created is not logged as well: building an index takes a third of the writes.
  wal_level: 'minimal',
  max_wal_senders: '0',
  // Building an HNSW index that outgrows this is many times slower. Memory is allocated only as needed.
  maintenance_work_mem: '256MB',
}

const leastBuffersMb = 16
const mostBuffersMb = 128

/**
 * As large as the data, within bounds. The engine clears them when it starts, in code that is not optimised yet: 128 MB take
 * half a second, which every command would pay. In memory the data need no second copy.
 */
function sharedBuffers(folder: string | null): string {
  const mb = folder === null ? 0 : sizeOf(join(folder, 'base')) / 2 ** 20
  return `${Math.min(mostBuffersMb, Math.max(leastBuffersMb, Math.ceil(mb)))}MB`
}

/** Bytes of the files in a folder; 0 if it does not exist yet. */
function sizeOf(folder: string): number {
  if (!existsSync(folder)) return 0
  const files = readdirSync(folder, { withFileTypes: true, recursive: true }).filter((entry) =>
    entry.isFile(),
  )
  return files.reduce((bytes, file) => bytes + statSync(join(file.parentPath, file.name)).size, 0)
}

export async function openHost(options: HostOptions): Promise<Host> {
  const tar = options.snapshot === null ? null : new Blob([await readFile(options.snapshot)])
  const pglite = await PGlite.create({
    ...(options.folder === null ? {} : { dataDir: options.folder }),
    ...(tar === null ? {} : { loadDataDir: tar }),
    initDbStartParams: [`--wal-segsize=${walSegmentMb}`],
    startParams: [
      ...PGlite.defaultStartParams,
      ...Object.entries({ ...settings, shared_buffers: sharedBuffers(options.folder) }).flatMap(
        ([name, value]) => ['-c', `${name}=${value}`],
      ),
    ],
    extensions: { vector },
  })
  stopOnTrap(pglite)
  const checkpointIfDue = createCheckpoints(pglite)
  return {
    exec: async (message, onData) => {
      let idle = false
      await pglite.execProtocolRawStream(message, {
        onRawData: (bytes) => {
          idle = saysIdle(bytes)
          // The bytes are a view of the engine's own memory.
          onData(bytes.slice())
        },
      })
      if (idle) await checkpointIfDue()
    },
    dump: async () => new Uint8Array(await (await pglite.dumpDataDir('gzip')).arrayBuffer()),
    close: () => pglite.close(),
  }
}

/**
 * A single-user PostgreSQL makes a checkpoint only when it is closed: its log would grow for as long as a
 * service runs. So the size of the log is checked between transactions, at most once a second.
 */
function createCheckpoints(pglite: PGlite): () => Promise<void> {
  const log = '/pglite/data/pg_wal'
  let lookAgainAt = 0
  let sizeAfter = 0
  const segments = (): number =>
    pglite.Module.FS.readdir(log).filter((name: string) => name.length === 24).length
  return async () => {
    const now = performance.now()
    if (now < lookAgainAt) return
    lookAgainAt = now + 1_000
    if ((segments() - sizeAfter) * walSegmentMb < checkpointAfterMb) return
    await pglite.execProtocolRawStream(simpleQuery('checkpoint'), { onRawData: () => {} })
    // Old segments are renamed and reused.
    sizeAfter = segments()
  }
}

/** Whether a reply ends with ReadyForQuery outside of a transaction. */
function saysIdle(bytes: Uint8Array): boolean {
  const n = bytes.length
  return n >= 6 && bytes[n - 6] === 0x5a && bytes[n - 2] === 5 && bytes[n - 1] === 0x49
}

/**
 * PGlite treats every exception from the engine's loop as a handled error and calls the loop again, after a
 * trap (for example a stack overflow in deeply nested JSON) forever. The engine's state can't be trusted then,
 * so the thread ends, which rejects all pending calls.
 */
function stopOnTrap(pglite: PGlite): void {
  const engine = pglite.Module
  const mainLoopOnce = engine._PostgresMainLoopOnce
  const longJump: unknown = Reflect.get(pglite, 'POSTGRES_MAIN_LONGJMP')
  engine._PostgresMainLoopOnce = () => {
    try {
      mainLoopOnce()
    } catch (error) {
      const handled = typeof error === 'object' && error !== null && Reflect.get(error, 'status') === longJump
      if (!handled && !isMainThread) process.exit(trapExitCode)
      throw error
    }
  }
}
