import { readFile, stat } from 'node:fs/promises'
import { configInvalid } from './parameters.ts'

export interface PasswordFor {
  /** A socket's folder counts as localhost if it is one where a server puts its socket by itself. */
  readonly host: string
  readonly port: number
  readonly database: string
  readonly user: string
}

const usualSocketFolders = new Set(['/var/run/postgresql', '/run/postgresql', '/tmp'])

/**
 * The password that a line `host:port:database:user:password` of the file has; null if none fits, or if there is no such
 * file.
 *
 * @throws RevectorError CONFIG_INVALID if others can read the file
 */
export async function passwordFromFile(file: string, wanted: PasswordFor): Promise<string | null> {
  const found = await stat(file).catch(() => null)
  if (found === null || !found.isFile()) return null
  if (process.platform !== 'win32' && (found.mode & 0o077) !== 0) {
    throw configInvalid(
      `The password file ${file} was not used: other users of this machine can read it.`,
      `Run: chmod 600 ${file}.`,
    )
  }
  const host = usualSocketFolders.has(wanted.host) ? 'localhost' : wanted.host
  const fields = [host, String(wanted.port), wanted.database, wanted.user]
  for (const line of (await readFile(file, 'utf8')).split(/\r?\n/)) {
    if (line.startsWith('#')) continue
    const [, ...parts] = pattern.exec(line) ?? []
    if (parts.length === 0) continue
    if (fields.every((field, index) => parts[index] === '*' || unescaped(parts[index] ?? '') === field)) {
      return unescaped(parts[4] ?? '')
    }
  }
  return null
}

/** A colon or backslash of a value has a backslash in front. */
const field = String.raw`((?:[^:\\]|\\.)*)`
const pattern = new RegExp(`^${field}:${field}:${field}:${field}:(.+)$`)

function unescaped(text: string): string {
  return text.replace(/\\(.)/g, '$1')
}
