import { mkdtemp, open, rename, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isRevectorError, RevectorError, throwIfAborted } from '../core/errors.ts'
import type { BackupReport, RestoreReport } from '../wire/database.ts'
import { backupEmbedded, restoreEmbedded } from './backup/embedded-backup.ts'
import { findManifest, type Manifest } from './backup/manifest.ts'
import { refuseOtherSchema, restoreFailed } from './backup/restore-errors.ts'
import { backupServer } from './backup/server-backup.ts'
import { restoreServer } from './backup/server-restore.ts'
import type { DatabaseOptions } from './connect.ts'
import type { Database } from './database.ts'

export interface BackupOptions {
  /** Replace the file when it exists. Default: false. */
  readonly overwrite?: boolean
  readonly signal?: AbortSignal
}

export interface RestoreOptions {
  /** Replace what is in the database. Default: false. */
  readonly force?: boolean
  readonly signal?: AbortSignal
}

/**
 * Writes a consistent backup of everything in the database, or on a server of the configured schema alone. On a server with pg_dump: SQL for psql when the name ends
 * with `.sql`, its custom format otherwise. On the embedded engine a gzipped tar of its files. The file appears when it
 * is complete.
 *
 * @param source an open database, and the options that it was opened with
 * @throws RevectorError BACKUP_TOOL_MISSING, BACKUP_FAILED, INVALID_INPUT (the file exists), INTERRUPTED
 */
export async function backup(
  source: { readonly database: Database; readonly options: DatabaseOptions },
  file: string,
  options: BackupOptions = {},
): Promise<BackupReport> {
  const { database } = source
  const begun = performance.now()
  if (options.overwrite !== true && (await sizeOf(file)) !== null) {
    throw new RevectorError('INVALID_INPUT', `The file ${file} already exists.`, {
      hint: 'Use another file name, or overwrite it with --overwrite.',
    })
  }
  const target = `${file}.${process.pid}.partial`
  const folder = await mkdtemp(join(tmpdir(), 'revector-'))
  try {
    const tables =
      database.engine === 'embedded'
        ? await backupEmbedded(database, target, options.signal)
        : await backupServer({
            database,
            options: source.options,
            target,
            plain: file.endsWith('.sql'),
            folder,
            signal: options.signal,
          })
    throwIfAborted(options.signal)
    await flush(target)
    await rename(target, file)
    return { file, bytes: (await sizeOf(file)) ?? 0, seconds: secondsSince(begun), tables }
  } catch (error) {
    throwIfAborted(options.signal)
    if (isRevectorError(error)) throw error
    throw new RevectorError('BACKUP_FAILED', `${file} was not written: ${firstLine(error)}.`, {
      hint: 'Nothing was left behind. Check the permissions and the free space there.',
      cause: error,
    })
  } finally {
    await rm(target, { force: true })
    await rm(folder, { recursive: true, force: true })
  }
}

/**
 * Replaces the contents of a database, or those of the configured schema, by a backup, entirely or not at all, and verifies that every row came
 * back. An embedded database must not be open in this process.
 *
 * @throws RevectorError CONSENT_MISSING (not empty), BACKUP_FAILED, BACKUP_TOOL_MISSING, NOT_FOUND, FOLDER_IN_USE, INTERRUPTED
 */
export async function restore(
  target: DatabaseOptions,
  file: string,
  options: RestoreOptions = {},
): Promise<RestoreReport> {
  const begun = performance.now()
  const bytes = await sizeOf(file)
  if (bytes === null)
    throw new RevectorError('NOT_FOUND', `There is no file ${file}.`, { hint: 'Check the path.' })
  const { format, manifest } = await recognise(file, bytes)
  const embedded = target.databaseUrl === undefined || target.databaseUrl === ''
  if (embedded !== (format === 'embedded')) {
    throw new RevectorError(
      'BACKUP_FAILED',
      embedded
        ? `${file} is a backup of a server; the embedded engine restores only its own backups.`
        : `${file} is a backup of the embedded engine; a server cannot restore it.`,
      {
        hint: embedded
          ? 'Restore it into a server, with DATABASE_URL.'
          : 'Restore it into a folder, without DATABASE_URL.',
      },
    )
  }
  if (!embedded) refuseOtherSchema(file, manifest, target.schema ?? null)
  const folder = await mkdtemp(join(tmpdir(), 'revector-'))
  const common = { options: target, file, force: options.force === true, signal: options.signal }
  try {
    const tables =
      format === 'embedded'
        ? await restoreEmbedded(common)
        : await restoreServer({ ...common, format, manifest, folder })
    return { file, bytes, seconds: secondsSince(begun), tables, verified: embedded || manifest !== null }
  } catch (error) {
    throwIfAborted(options.signal)
    throw restoreFailed(file, error)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

interface Recognised {
  readonly format: 'embedded' | 'plain' | 'custom'
  readonly manifest: Manifest | null
}

/** Detects the format of a file from its content. Refuses a dump that was cut off. */
async function recognise(file: string, bytes: number): Promise<Recognised> {
  const handle = await open(file)
  try {
    const head = Buffer.alloc(Math.min(bytes, 1 << 20))
    await handle.read(head, 0, head.length, 0)
    if (head[0] === 0x1f && head[1] === 0x8b) return { format: 'embedded', manifest: null }
    const tail = Buffer.alloc(Math.min(bytes, 1 << 20))
    await handle.read(tail, 0, tail.length, bytes - tail.length)
    if (head.subarray(0, 5).toString('latin1') === 'PGDMP') {
      return { format: 'custom', manifest: findManifest(tail.toString('utf8')) }
    }
    const text = head.toString('utf8')
    if (!text.includes('-- PostgreSQL database dump')) throw notABackup(file)
    if (!tail.toString('utf8').includes('-- PostgreSQL database dump complete')) {
      throw new RevectorError('BACKUP_FAILED', `${file} is cut off: its end is missing.`, {
        hint: 'Use a complete backup.',
      })
    }
    return { format: 'plain', manifest: findManifest(text.split('\n', 1).join('')) }
  } finally {
    await handle.close()
  }
}

function notABackup(file: string): RevectorError {
  return new RevectorError('BACKUP_FAILED', `${file} is not a backup.`, {
    hint: 'Use a file made by revector db backup or by pg_dump (plain or custom format).',
  })
}

async function sizeOf(path: string): Promise<number | null> {
  return (await stat(path).catch(() => null))?.size ?? null
}

async function flush(path: string): Promise<void> {
  const handle = await open(path, 'r+')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

function secondsSince(begun: number): number {
  return Math.round(performance.now() - begun) / 1_000
}

function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  return (text.split('\n')[0] ?? text).replace(/\.$/, '')
}
