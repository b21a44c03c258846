import { existsSync } from 'node:fs'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { openHost, walSegmentMb } from './host.ts'
import { simpleQuery } from './messages.ts'

/** Makes the snapshot unless it exists with the same versions. Safe to kill and run again. */
export async function makeSnapshot(file: string): Promise<'made' | 'kept'> {
  const stamp = `${file}.version`
  const version = await versions()
  const made = existsSync(file) ? await readFile(stamp, 'utf8').catch(() => '') : ''
  if (made === version) return 'kept'
  const host = await openHost({ folder: null, snapshot: null })
  try {
    await host.exec(simpleQuery('create extension vector'), () => {})
    // Leaves no log to replay at the first start.
    await host.exec(simpleQuery('vacuum freeze'), () => {})
    await host.exec(simpleQuery('checkpoint'), () => {})
    await mkdir(dirname(file), { recursive: true })
    await writeFile(`${file}.new`, await host.dump())
    await rm(stamp, { force: true })
    await rename(`${file}.new`, file)
    await writeFile(stamp, version)
  } finally {
    await host.close()
  }
  return 'made'
}

async function versions(): Promise<string> {
  const packages = ['@electric-sql/pglite', '@electric-sql/pglite-pgvector']
  const { resolve } = createRequire(import.meta.url)
  const texts = packages.map(async (name) => {
    const json: unknown = JSON.parse(
      await readFile(join(dirname(resolve(name)), '..', 'package.json'), 'utf8'),
    )
    return `${name} ${typeof json === 'object' && json !== null ? Reflect.get(json, 'version') : ''}`
  })
  return [...(await Promise.all(texts)), `segments of ${walSegmentMb} MB`].join('\n')
}
