import { mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { promisify } from 'node:util'
import { createGunzip, gunzip } from 'node:zlib'
import { unpackTar as entriesOf } from 'modern-tar'
import { packTar, type TarSource, unpackTar } from 'modern-tar/fs'

/** The first file of the archive. */
const manifestFile = 'revector-backup.json'
/** Files of a running engine that are not data. */
const skipped = new Set(['postmaster.pid', 'postmaster.opts'])

/** The tar of a cluster's folder, with its manifest before the files. */
export async function packCluster(folder: string, manifest: string): Promise<Readable> {
  const entries = await readdir(folder, { withFileTypes: true })
  return packTar([
    { type: 'content', target: manifestFile, content: manifest },
    ...entries
      .filter(({ name }) => !skipped.has(name))
      .map((entry): TarSource => {
        const type = entry.isDirectory() ? 'directory' : 'file'
        return { type, source: join(folder, entry.name), target: entry.name }
      }),
  ])
}

/** The same for a cluster in memory, from the gzipped tar that the engine makes of it. */
export async function packDump(dump: Uint8Array, manifest: string): Promise<Readable> {
  const entries = await entriesOf(await promisify(gunzip)(dump))
  return packTar([
    { type: 'content', target: manifestFile, content: manifest },
    ...entries.map(
      ({ header, data }): TarSource => ({ type: 'content', target: header.name, content: data }),
    ),
  ])
}

/**
 * Writes the files of an archive below `target`, which it makes.
 *
 * @returns the manifest, which is left out; null: there is none
 * @throws Error when it is damaged, cut off, leads outside or holds anything but files and folders
 */
export async function unpackCluster(gzipped: Readable, target: string): Promise<string | null> {
  await mkdir(target, { recursive: true, mode: 0o700 })
  const files = unpackTar(target, {
    strict: true,
    dmode: 0o700,
    fmode: 0o600,
    filter: ({ name, type }) => {
      if (type === 'file' || type === 'directory') return true
      throw new TypeError(`it holds ${name}, which is neither a file nor a folder`)
    },
  })
  await pipeline(gzipped, createGunzip(), files)
  const manifest = join(target, manifestFile)
  const text = await readFile(manifest, 'utf8').catch(() => null)
  await rm(manifest, { force: true })
  return text
}
