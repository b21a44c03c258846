import { mkdir, open, readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/**
 * The little of the tar format that data folders need: plain files and folders, names of at most 100 bytes. Files
 * stream through, so a folder of gigabytes takes no memory.
 */
const block = 512
const chunkBytes = 1 << 20

/** The archive of a folder. `first` is a file put before all others; `skip` leaves out top-level names. */
export async function* packFolder(
  folder: string,
  first: { readonly name: string; readonly content: Buffer },
  skip: ReadonlySet<string>,
): AsyncGenerator<Buffer> {
  yield header(first.name, first.content.length)
  yield padded(first.content)
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name)
    const name = path.slice(folder.length + 1).replaceAll('\\', '/')
    if (skip.has(name)) continue
    if (entry.isDirectory()) yield header(name, null)
    else if (entry.isFile()) yield* packFile(path, name)
  }
  yield Buffer.alloc(2 * block)
}

/** Puts a file before the entries of an archive that is in memory. */
export function* packBefore(
  first: { readonly name: string; readonly content: Buffer },
  tar: Buffer,
): Generator<Buffer> {
  yield header(first.name, first.content.length)
  yield padded(first.content)
  yield tar
}

async function* packFile(path: string, name: string): AsyncGenerator<Buffer> {
  const file = await open(path)
  try {
    const { size } = await file.stat()
    yield header(name, size)
    for (let at = 0; at < size; ) {
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(Math.min(chunkBytes, size - at)), 0)
      if (bytesRead === 0) throw new Error(`${path} became shorter while it was read`)
      at += bytesRead
      yield buffer.subarray(0, bytesRead)
    }
    yield Buffer.alloc((block - (size % block)) % block)
  } finally {
    await file.close()
  }
}

/**
 * Writes an archive below `target`, which it makes.
 *
 * @param first name of a file that is returned instead of written, where the archive begins with it
 * @throws TypeError when it is not a tar, ends too early or leads outside
 */
export async function unpackInto(
  tar: AsyncIterable<Buffer>,
  target: string,
  first: string,
): Promise<Buffer | null> {
  const read = reader(tar)
  const made = new Set<string>()
  const makeFolder = async (path: string): Promise<void> => {
    if (made.has(path)) return
    await mkdir(path, { recursive: true, mode: 0o700 })
    made.add(path)
  }
  await makeFolder(target)
  let taken: Buffer | null = null
  for (let n = 0; ; n++) {
    const head = await read(block)
    if (head.every((byte) => byte === 0)) break
    if (octal(head, 148, 8) !== checksum(head))
      throw new TypeError('it is not a tar archive, or a damaged one')
    const name = text(head, 0, 100).replace(/^\/+|\/+$/g, '')
    if (name.split('/').includes('..')) throw new TypeError(`it holds a file that leads outside: ${name}`)
    const size = octal(head, 124, 12)
    if (head[156] === 0x35) await makeFolder(join(target, name))
    else if (n === 0 && name === first) taken = (await read(padTo(size))).subarray(0, size)
    else {
      await makeFolder(dirname(join(target, name)))
      const file = await open(join(target, name), 'w', 0o600)
      try {
        for (let left = size; left > 0; ) {
          const take = Math.min(chunkBytes, left)
          await file.write(await read(take))
          left -= take
        }
        await read(padTo(size) - size)
      } finally {
        await file.close()
      }
    }
  }
  return taken
}

/** Exactly so many of the next bytes. */
function reader(source: AsyncIterable<Buffer>): (bytes: number) => Promise<Buffer> {
  const iterator = source[Symbol.asyncIterator]()
  let rest = Buffer.alloc(0)
  return async (bytes) => {
    const parts: Buffer[] = []
    let missing = bytes
    for (;;) {
      const part = rest.subarray(0, missing)
      parts.push(part)
      rest = rest.subarray(part.length)
      missing -= part.length
      if (missing === 0) return parts.length === 1 ? part : Buffer.concat(parts)
      const next = await iterator.next()
      if (next.done === true) throw new TypeError('it is cut off')
      rest = next.value as Buffer<ArrayBuffer>
    }
  }
}

/** `size` null: a folder. */
function header(name: string, size: number | null): Buffer {
  if (Buffer.byteLength(name) > 100) throw new RangeError(`The name is too long for the archive: ${name}`)
  const head = Buffer.alloc(block)
  head.write(name, 0, 100)
  head.write(size === null ? '0000700\0' : '0000600\0', 100)
  head.write('0000000\0', 108)
  head.write('0000000\0', 116)
  head.write(`${(size ?? 0).toString(8).padStart(11, '0')}\0`, 124)
  head.write('00000000000\0', 136)
  head.write(size === null ? '5' : '0', 156)
  head.write('ustar\x0000', 257)
  head.write(`${checksum(head).toString(8).padStart(6, '0')}\0 `, 148)
  return head
}

function padTo(size: number): number {
  return Math.ceil(size / block) * block
}

function padded(content: Buffer): Buffer {
  return Buffer.concat([content, Buffer.alloc(padTo(content.length) - content.length)])
}

function checksum(head: Buffer): number {
  let sum = 8 * 0x20 // The field itself counts as spaces.
  head.forEach((byte, i) => {
    if (i < 148 || i >= 156) sum += byte
  })
  return sum
}

function octal(head: Buffer, at: number, length: number): number {
  return Number.parseInt(text(head, at, length).trim() || '0', 8)
}

function text(head: Buffer, at: number, length: number): string {
  const field = head.subarray(at, at + length)
  const end = field.indexOf(0)
  return field.subarray(0, end < 0 ? length : end).toString('utf8')
}
