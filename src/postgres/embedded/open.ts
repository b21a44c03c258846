import { mkdir } from 'node:fs/promises'
import { resolve } from 'node:path'
import pg from 'pg'
import { RevectorError } from '../../core/errors.ts'
import { withoutOptions } from '../client-wire.ts'
import type { Database } from '../database.ts'
import type { DatabaseOptions } from '../database-options.ts'
import { openPool } from '../open-pool.ts'
import { adoptIncoming, type Folder, folderAt, prepareFolder } from './folder.ts'
import { type Lock, lockFolder } from './folder-lock.ts'
import { snapshotFile } from './snapshot.ts'
import { WireStream } from './wire-stream.ts'
import { openWorkerHost, type WorkerHost } from './worker-host.ts'

/** As a data folder: keeps nothing. */
export const inMemory = 'memory:'

/** PGlite in a worker thread, behind the same client as a server. */
export async function openEmbedded(options: DatabaseOptions): Promise<Database> {
  const dataDir = options.dataDir ?? '.revector'
  if (dataDir === inMemory) {
    const host = await start(null, snapshotFile())
    return overHost(host, 'memory', options, () => host.close())
  }
  const folder = folderAt(resolve(dataDir))
  const lock = await lockDataDir(folder)
  try {
    await prepare(folder)
    return await openCluster(folder.database, folder, options, () => lock.release())
  } catch (error) {
    await lock.release()
    throw error
  }
}

/** Creates the data folder and locks it. @throws RevectorError FOLDER_IN_USE, FOLDER_UNUSABLE */
export async function lockDataDir(folder: Folder): Promise<Lock> {
  try {
    await mkdir(folder.dataDir, { recursive: true, mode: 0o700 })
  } catch (error) {
    throw unusable(folder, error)
  }
  return lockFolder(folder.lock, folder.dataDir)
}

async function prepare(folder: Folder): Promise<void> {
  try {
    if ((await prepareFolder(folder)) === 'ready') return
    const host = await start(folder.incoming, null)
    await host.close()
    await adoptIncoming(folder)
  } catch (error) {
    throw unusable(folder, error)
  }
}

/** Opens the cluster in `path`, which the caller has locked. */
export async function openCluster(
  path: string,
  folder: Folder,
  options: DatabaseOptions,
  afterClose: () => Promise<void>,
): Promise<Database> {
  const host = await start(path, null).catch((error: unknown) => {
    throw unusable(folder, error)
  })
  return overHost(
    host,
    folder.dataDir,
    options,
    async () => {
      try {
        await host.close()
      } finally {
        await afterClose()
      }
    },
    path,
  )
}

function start(folder: string | null, snapshot: string | null): Promise<WorkerHost> {
  return openWorkerHost({ folder, snapshot })
}

function overHost(
  host: WorkerHost,
  address: string,
  options: DatabaseOptions,
  afterClose: () => Promise<void>,
  path: string | null = null,
): Promise<Database> {
  return openPool({
    place: { engine: 'embedded', address, database: 'postgres', user: 'postgres' },
    pool: {
      // One session, never closed: an idle one costs nothing.
      max: 1,
      idleTimeoutMillis: 0,
      user: 'postgres',
      database: 'postgres',
      ssl: false,
      Client: EmbeddedClient,
      stream: () => new WireStream(host),
    },
    options,
    files: path === null ? { path, dump: host.dump } : { path },
    afterClose,
  })
}

/** `pg` reads variables of the environment that are meant for a server. */
class EmbeddedClient extends pg.Client {
  constructor(config?: pg.ClientConfig) {
    super({ ...config, sslnegotiation: 'postgres' })
    withoutOptions(this)
  }
}

function unusable(folder: Folder, error: unknown): RevectorError {
  if (error instanceof RevectorError) return error
  const why = error instanceof Error ? error.message : String(error)
  return new RevectorError('FOLDER_UNUSABLE', `The data folder ${folder.dataDir} cannot be opened: ${why}.`, {
    hint: 'Check its permissions and the free space, or choose another folder with --data-dir or REVECTOR_DATA_DIR.',
    data: { data_dir: folder.dataDir },
    cause: error,
  })
}
