import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { createGzip, gzipSync } from 'node:zlib'
import { packTar } from 'modern-tar'
import { expect, it } from 'vitest'
import { packCluster, packDump, unpackCluster } from '../../src/postgres/embedded/archive.ts'
import { temporaryFolder } from '../support/engines.ts'

type Entry = Parameters<typeof packTar>[0][number]

function fileNamed(name: string, body = 'x'): Entry {
  return { header: { name, size: Buffer.byteLength(body), type: 'file' }, body }
}

async function unpack(gzipped: Uint8Array): Promise<{ folder: string; manifest: string | null }> {
  const folder = join(await temporaryFolder(), 'in')
  return { folder, manifest: await unpackCluster(Readable.from([gzipped]), folder) }
}

it('brings back files and folders, without what belongs to a running engine', async () => {
  const from = await temporaryFolder()
  const large = Buffer.alloc(3_000_001, 'page')
  await mkdir(join(from, 'base', 'empty'), { recursive: true })
  await writeFile(join(from, 'PG_VERSION'), '18')
  await writeFile(join(from, 'base', 'large'), large)
  await writeFile(join(from, 'base', 'nothing'), '')
  await writeFile(join(from, 'postmaster.pid'), '1')
  const to = join(await temporaryFolder(), 'in')
  const packed = await packCluster(from, 'facts')
  expect(await unpackCluster(packed.pipe(createGzip()), to)).toBe('facts')
  expect((await readdir(to, { recursive: true })).sort()).toEqual(
    ['PG_VERSION', 'base', 'base/empty', 'base/large', 'base/nothing'].sort(),
  )
  expect((await readFile(join(to, 'base', 'large'))).equals(large)).toBe(true)
  expect((await stat(to)).mode & 0o777).toBe(0o700)
  expect((await stat(join(to, 'base'))).mode & 0o777).toBe(0o700)
  expect((await stat(join(to, 'base', 'large'))).mode & 0o777).toBe(0o600)
})

it('reads the archive that the engine makes of a cluster in memory', async () => {
  const dump = gzipSync(
    await packTar([{ header: { name: '/base/', size: 0, type: 'directory' } }, fileNamed('/base/1', 'one')]),
  )
  const { folder } = await unpack(dump)
  expect(await readFile(join(folder, 'base', '1'), 'utf8')).toBe('one')
  const to = join(await temporaryFolder(), 'in')
  expect(await unpackCluster((await packDump(dump, 'facts')).pipe(createGzip()), to)).toBe('facts')
  expect(await readFile(join(to, 'base', '1'), 'utf8')).toBe('one')
})

it.each<[string, Entry]>([
  ['a file that leads outside', fileNamed('../out')],
  ['a file that leads outside on its way', fileNamed('base/../../out')],
  ['a symbolic link', { header: { name: 'base', size: 0, type: 'symlink', linkname: '/etc' } }],
  ['a hard link', { header: { name: 'base', size: 0, type: 'link', linkname: 'PG_VERSION' } }],
])('refuses %s', async (_, entry) => {
  const archive = gzipSync(await packTar([fileNamed('PG_VERSION'), entry]))
  await expect(unpack(archive)).rejects.toThrow()
})

it('refuses what is no archive, is damaged or was cut off', async () => {
  const tar = await packTar([
    fileNamed('revector-backup.json', '{}'),
    fileNamed('PG_VERSION', 'x'.repeat(2_000)),
  ])
  expect((await unpack(gzipSync(tar))).manifest).toBe('{}')
  await expect(unpack(gzipSync('hello'.repeat(1_000)))).rejects.toThrow()
  for (const bytes of [100, 700, 1_024, 1_700, tar.length - 1_024]) {
    await expect(unpack(gzipSync(tar.subarray(0, bytes))), `${bytes} bytes`).rejects.toThrow()
  }
  await expect(unpack(gzipSync(tar).subarray(0, -20))).rejects.toThrow()
  const damaged = Buffer.from(tar)
  damaged[1_030] = 0x7a
  await expect(unpack(gzipSync(damaged))).rejects.toThrow()
})

it('an archive without a manifest has none', async () => {
  const { manifest } = await unpack(gzipSync(await packTar([fileNamed('PG_VERSION')])))
  expect(manifest).toBeNull()
})
