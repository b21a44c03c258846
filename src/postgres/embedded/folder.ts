import { createReadStream } from 'node:fs'
import { readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { RevectorError } from '../../core/errors.ts'
import { unpackCluster } from './archive.ts'
import { snapshotFile } from './snapshot.ts'

/** The major version of PostgreSQL whose files the embedded engine reads. */
const clusterVersion = '18'

/** The places inside a data folder. All but `database` exist only while something is under way. */
export interface Folder {
  readonly dataDir: string
  /** The cluster. It comes into being by a rename, so it is whole or absent. */
  readonly database: string
  readonly lock: string
  /** A cluster being made. */
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
 * Makes the cluster where there is none, and tidies up after a process that was killed while making or replacing
 * one. To be called by the holder of the lock only.
 *
 * @returns whether the engine has still to make the cluster itself, in `incoming`, because there is no snapshot
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

/** Whether no database is in a data folder, nor one being made: there may be no folder. */
export async function isUnused({ dataDir }: Folder): Promise<boolean> {
  try {
    return !(await readdir(dataDir)).some((name) => name.startsWith('database'))
  } catch (error) {
    // Whatever else is wrong with it, opening it says.
    return error instanceof Error && 'code' in error && error.code === 'ENOENT'
  }
}

/** Puts what was made in `incoming` in the place of the cluster. */
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
    throw new RevectorError('FOLDER_UNUSABLE', `There are files in ${folder.database}, but no database.`, {
      hint: 'Name another folder with --data-dir, or move these files away.',
      data: { data_dir: folder.dataDir },
    })
  }
  throw new RevectorError(
    'FOLDER_UNUSABLE',
    `The database in ${folder.database} was made by PostgreSQL ${found}; this program has PostgreSQL ${clusterVersion}.`,
    {
      hint: 'Open it with the version of Revector that made it, and take the documents over from there.',
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
