import { type FileHandle, open } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { counted, grouped } from '../core/counted.ts'
import { RevectorError } from '../core/errors.ts'

/** A file's bytes; a file that is too large is refused before it is read. @throws RevectorError */
export async function readPath(path: string, name: string, maxBytes: number): Promise<Uint8Array> {
  try {
    const handle = await open(path, 'r')
    try {
      const facts = await handle.stat()
      if (facts.isFile() && facts.size > maxBytes) throw tooLarge(name, facts.size, maxBytes)
      // Pipes, and files that grow, turn out to be too large only while they are read.
      if (!facts.isFile() || facts.size === 0) {
        return await readStream(handle.createReadStream({ autoClose: false }), name, maxBytes)
      }
      return await readWhole(handle, facts.size, { name, maxBytes })
    } finally {
      await handle.close()
    }
  } catch (error) {
    throw error instanceof RevectorError ? error : fileFailure(name, error)
  }
}

/** A file of known size takes one read; one that has grown since is read to its end. */
async function readWhole(
  handle: FileHandle,
  size: number,
  { name, maxBytes }: { readonly name: string; readonly maxBytes: number },
): Promise<Uint8Array> {
  // One more byte of room shows whether there is more.
  const bytes = Buffer.allocUnsafeSlow(size + 1)
  const { bytesRead } = await handle.read(bytes, 0, size + 1, 0)
  if (bytesRead === size) return bytes.subarray(0, size)
  return readStream(handle.createReadStream({ autoClose: false, start: 0 }), name, maxBytes)
}

/** The whole stream, unless it is too large. @throws RevectorError */
export async function readStream(stream: Readable, name: string, maxBytes: number): Promise<Uint8Array> {
  const pieces: Buffer[] = []
  let length = 0
  try {
    for await (const part of stream) {
      const bytes = Buffer.from(part)
      length += bytes.length
      if (length > maxBytes) throw tooLarge(name, null, maxBytes)
      pieces.push(bytes)
    }
  } catch (error) {
    throw error instanceof RevectorError ? error : fileFailure(name, error)
  }
  return Buffer.concat(pieces)
}

function tooLarge(name: string, bytes: number | null, limit: number): RevectorError {
  const size = bytes === null ? 'more bytes' : `${counted(bytes, 'byte')}, more`
  return new RevectorError('FILE_TOO_LARGE', `${name} has ${size} than the ${grouped(limit)} allowed.`, {
    hint: 'Split the file or raise the limit.',
    data: { path: name, bytes, limit },
  })
}

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'permission is denied',
  EPERM: 'permission is denied',
  ELOOP: 'its links form a cycle',
  EISDIR: 'it is a folder',
  EMFILE: 'too many files are open',
  ENFILE: 'too many files are open',
  EIO: 'the disk reports an error',
  ENAMETOOLONG: 'its name is too long',
}

/** The error of the file system as a RevectorError. */
export function fileFailure(name: string, cause: unknown): RevectorError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return new RevectorError('NOT_FOUND', `${name} does not exist.`, {
      hint: 'Check the path; a link may point to something that no longer exists.',
      data: { path: name },
      cause,
    })
  }
  return new RevectorError(
    'FILE_UNREADABLE',
    `${name} could not be read: ${reasons[code] ?? (code || 'an unknown error')}.`,
    { hint: 'Check that it exists and that you may read it.', data: { path: name }, cause },
  )
}
