import { statfs } from 'node:fs/promises'
import type { Database } from './database.ts'

/** Bytes that are free on the disk of the embedded engine's folder; null in memory and on a server, which does not tell. */
export async function freeBytes({ files }: Pick<Database, 'files'>): Promise<number | null> {
  if (files?.path == null) return null
  const { bavail, bsize } = await statfs(files.path)
  return bavail * bsize
}
