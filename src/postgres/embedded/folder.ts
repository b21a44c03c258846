import { createReadStream } from 'node:fs'
import { readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { RevectorError } from '../../core/errors.ts'
import { unpackCluster } from './archive.ts'
import { snapshotFile } from './snapshot.ts'

/** The major version of PostgreSQL whose files the embedded engine reads. */
const clusterVersion = '18'

/** The paths inside a data folder. All but `database` exist only during an operation. */
export interface Folder {
  readonly dataDir: string
  /** The cluster. It is created by a rename, so it is complete or absent. */
  readonly database: string
  readonly lock: string
  /** A cluster that is being created. */
  readonly incoming: string
  /** The cluster that a restore is about to replace. */
  readonly outgoing: string
}

export function folderAt(dataDir: string): Folder {
  return {
    dataDir,
    database: join(dataDir, 'database'),
    lock: join(dataDir, 'database.lock'),
    incoming: join(dataDir, 'database.new'),
    outgoing: join(dataDir, 'database.old'),
  }
}

/**
 * Creates the cluster if there is none, and cleans up after a process that was killed while creating or
 * replacing one. Only the holder of the lock may call it.
 *
 * @returns whether the engine must still create the cluster itself, in `incoming`, because there is no snapshot
 */
export async function prepareFolder(folder: Folder): Promise<'ready' | 'empty'> {
  await rm(folder.incoming, { recursive: true, force: true })
  if (!(await isThere(folder.database)) && (await isThere(folder.outgoing))) {
    await rename(folder.outgoing, folder.database)
  }
  await rm(folder.outgoing, { recursive: true, force: true })
  const files = await readdir(folder.database).catch(() => [])
  if (files.length > 0) {
    await checkVersion(folder)
    return 'ready'
  }
  const snapshot = snapshotFile()
  if (snapshot === null) return 'empty'
  await unpackCluster(createReadStream(snapshot), folder.incoming)
  await adoptIncoming(folder)
  return 'ready'
}

/** Whether a data folder has no database and none is being created; the folder itself may not exist. */
export async function isUnused({ dataDir }: Folder): Promise<boolean> {
  try {
    return !(await readdir(dataDir)).some((name) => name.startsWith('database'))
  } catch (error) {
    // Any other problem is reported when the folder is opened.
    return error instanceof Error && 'code' in error && error.code === 'ENOENT'
  }
}

/** Moves what was created in `incoming` to the place of the cluster. */
export async function adoptIncoming(folder: Folder): Promise<void> {
  if (await isThere(folder.database)) await rename(folder.database, folder.outgoing)
  await rename(folder.incoming, folder.database)
  await rm(folder.outgoing, { recursive: true, force: true })
}

/** @throws RevectorError FOLDER_UNUSABLE */
export async function checkVersion(folder: Folder, database = folder.database): Promise<void> {
  const found = await readFile(join(database, 'PG_VERSION'), 'utf8').then(
    (text) => text.trim(),
    () => null,
  )
  if (found === clusterVersion) return
  if (found === null) {
    throw new RevectorError('FOLDER_UNUSABLE', `${folder.database} has files but no database.`, {
      hint: 'Choose another folder with --data-dir, or move these files.',
      data: { data_dir: folder.dataDir },
    })
  }
  throw new RevectorError(
    'FOLDER_UNUSABLE',
    `The database in ${folder.database} was created by PostgreSQL ${found}; this version of Revector has PostgreSQL ${clusterVersion}.`,
    {
      hint: 'Open it with the version of Revector that created it, and export the documents there.',
      data: { data_dir: folder.dataDir, found, required: clusterVersion },
    },
  )
}

function isThere(path: string): Promise<boolean> {
  return readdir(path).then(
    () => true,
    () => false,
  )
}
