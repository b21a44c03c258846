import { readFile } from 'node:fs/promises'
import { PGlite } from '@electric-sql/pglite'
import { vector } from '@electric-sql/pglite-pgvector'

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
  return {
    exec: (message, onData) =>
      // The bytes given are a view of the engine's own memory.
      pglite.execProtocolRawStream(message, { onRawData: (bytes) => onData(bytes.slice()) }),
    dump: async () => new Uint8Array(await (await pglite.dumpDataDir('gzip')).arrayBuffer()),
    close: () => pglite.close(),
  }
}
