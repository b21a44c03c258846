import { readFile } from 'node:fs/promises'
import { isMainThread } from 'node:worker_threads'
import { PGlite } from '@electric-sql/pglite'
import { vector } from '@electric-sql/pglite-pgvector'

/** How the thread ends when the engine met something it can't go on from. */
export const trapExitCode = 70

export interface HostOptions {
  /** Folder of the cluster; null: in memory. */
  readonly folder: string | null
  /** Tar of a data folder to begin with, where there is none yet. */
  readonly snapshot: string | null
}

/** The embedded engine itself, wherever it runs: wire protocol in, wire protocol out, one batch at a time. */
export interface Host {
  /** Calls `onData` any number of times before it resolves. Rejects when the engine is dead. */
  exec(message: Uint8Array, onData: (bytes: Uint8Array) => void): Promise<void>
  /** The whole data folder as a gzipped tar. Only between transactions. */
  dump(): Promise<Uint8Array>
  close(): Promise<void>
}

export async function openHost(options: HostOptions): Promise<Host> {
  const tar = options.snapshot === null ? null : new Blob([await readFile(options.snapshot)])
  const pglite = await PGlite.create({
    ...(options.folder === null ? {} : { dataDir: options.folder }),
    ...(tar === null ? {} : { loadDataDir: tar }),
    extensions: { vector },
  })
  stopOnTrap(pglite)
  return {
    exec: (message, onData) =>
      // The bytes given are a view of the engine's own memory.
      pglite.execProtocolRawStream(message, { onRawData: (bytes) => onData(bytes.slice()) }),
    dump: async () => new Uint8Array(await (await pglite.dumpDataDir('gzip')).arrayBuffer()),
    close: () => pglite.close(),
  }
}

/**
 * PGlite takes every exception that comes out of the engine's loop for a handled error and calls the loop again: after
 * a trap (a stack that overflowed in deeply nested JSON, say) for ever. Nothing inside can be trusted then, so the
 * thread ends; whoever waits is told by its end.
 */
function stopOnTrap(pglite: PGlite): void {
  const engine = pglite.Module
  const once = engine._PostgresMainLoopOnce
  const longJump: unknown = Reflect.get(pglite, 'POSTGRES_MAIN_LONGJMP')
  engine._PostgresMainLoopOnce = () => {
    try {
      once()
    } catch (error) {
      const handled = typeof error === 'object' && error !== null && Reflect.get(error, 'status') === longJump
      if (!handled && !isMainThread) process.exit(trapExitCode)
      throw error
    }
  }
}
