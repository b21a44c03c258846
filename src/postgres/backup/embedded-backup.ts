import { createReadStream, createWriteStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { resolve } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { promisify } from 'node:util'
import { createGunzip, createGzip, gunzip } from 'node:zlib'
import { RevectorError } from '../../core/errors.ts'
import type { DatabaseOptions } from '../connect.ts'
import type { Database } from '../database.ts'
import { adoptIncoming, checkVersion, folderAt, prepareFolder } from '../embedded/folder.ts'
import { inMemory, lockDataDir, openCluster } from '../embedded/open.ts'
import { packBefore, packFolder, unpackInto } from '../embedded/tar.ts'
import { sql } from '../sql.ts'
import { manifestOf, parseManifest } from './manifest.ts'
import { assertEmpty } from './restore-errors.ts'
import { difference, type TableFacts, tableFacts } from './table-facts.ts'

/** First file of the archive. */
const manifestFile = 'revector-backup.json'
/** Of a running engine, not of its data. */
const skipped = new Set(['postmaster.pid', 'postmaster.opts'])

/** The engine's files as a gzipped tar, while nothing else uses its one session. */
export async function backupEmbedded(
  database: Database,
  target: string,
  signal: AbortSignal | undefined,
): Promise<readonly TableFacts[]> {
  const { files } = database
  if (files === null) throw new RevectorError('INTERNAL', 'Not an embedded database.')
  return database.session(async (session) => {
    const tables = await session.transaction(tableFacts, { readOnly: true })
    await session.query(sql`checkpoint`)
    const first = { name: manifestFile, content: Buffer.from(JSON.stringify(manifestOf(database, tables))) }
    const archive =
      files.path === null
        ? packBefore(first, await promisify(gunzip)(await files.dump()))
        : packFolder(files.path, first, skipped)
    // The fastest level: half the time of the usual one for a tenth more bytes.
    await pipeline(Readable.from(archive), createGzip({ level: 1 }), createWriteStream(target), {
      signal,
    })
    return tables
  })
}

export interface EmbeddedRestore {
  readonly options: DatabaseOptions
  readonly file: string
  readonly force: boolean
  readonly signal: AbortSignal | undefined
}

/** The new cluster is unpacked, opened and compared beside the old one, then takes its place by a rename. */
export async function restoreEmbedded(job: EmbeddedRestore): Promise<readonly TableFacts[]> {
  const { options, file } = job
  const dataDir = options.dataDir ?? '.revector'
  if (dataDir === inMemory) {
    throw new RevectorError('INVALID_INPUT', 'A backup can be restored into a folder, not into memory.', {
      hint: 'Name a folder with --data-dir.',
    })
  }
  const folder = folderAt(resolve(dataDir))
  const lock = await lockDataDir(folder)
  const keepLock = (): Promise<void> => Promise.resolve()
  try {
    if (!job.force && (await prepareFolder(folder)) === 'ready') {
      const old = await openCluster(folder.database, folder, options, keepLock)
      await assertEmpty(old, false).finally(() => old.close())
    }
    await rm(folder.incoming, { recursive: true, force: true })
    const unpacked = createReadStream(file, {
      signal: job.signal,
    }).pipe(createGunzip())
    const first = await unpackInto(unpacked, folder.incoming, manifestFile)
    const manifest = first === null ? null : parseManifest(first.toString('utf8'))
    if (manifest === null) throw new TypeError('it has no manifest of a backup')
    await checkVersion(folder, folder.incoming)
    const restored = await openCluster(folder.incoming, folder, options, keepLock)
    const tables = await restored.transaction(tableFacts, { readOnly: true }).finally(() => restored.close())
    const wrong = difference(manifest.tables, tables)
    if (wrong !== null) throw new TypeError(wrong)
    await adoptIncoming(folder)
    return tables
  } finally {
    await rm(folder.incoming, { recursive: true, force: true })
    await lock.release()
  }
}
