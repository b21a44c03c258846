/** The little of the tar format that data folders need: plain files and folders, names of at most 100 bytes. */
export interface TarEntry {
  readonly name: string
  readonly folder: boolean
  readonly bytes: Uint8Array
}

const block = 512

/** @throws TypeError when the bytes are not a tar, or end in the middle of an entry */
export function* readTar(tar: Buffer): Generator<TarEntry> {
  for (let at = 0; at + block <= tar.length; ) {
    const header = tar.subarray(at, at + block)
    if (header.every((byte) => byte === 0)) return
    if (octal(header, 148, 8) !== checksum(header))
      throw new TypeError('Not a tar archive, or a damaged one.')
    const size = octal(header, 124, 12)
    const end = at + block + size
    if (end > tar.length) throw new TypeError('The tar archive is cut off.')
    const prefix = text(header, 345, 155)
    const name = text(header, 0, 100)
    yield {
      name: (prefix === '' ? name : `${prefix}/${name}`).replace(/^\/+|\/+$/g, ''),
      folder: header[156] === 0x35,
      bytes: tar.subarray(at + block, end),
    }
    at = at + block + Math.ceil(size / block) * block
  }
  throw new TypeError('The tar archive is cut off.')
}

/** One file as an entry, to be put before the others of an archive. */
export function tarEntry(name: string, bytes: Uint8Array): Buffer {
  const header = Buffer.alloc(block)
  header.write(name, 0, 100)
  header.write('0000600\0', 100)
  header.write('0000000\0', 108)
  header.write('0000000\0', 116)
  header.write(`${bytes.length.toString(8).padStart(11, '0')}\0`, 124)
  header.write('00000000000\0', 136)
  header.write('0', 156)
  header.write('ustar\x0000', 257)
  header.write(`${checksum(header).toString(8).padStart(6, '0')}\0 `, 148)
  const padding = Buffer.alloc((block - (bytes.length % block)) % block)
  return Buffer.concat([header, bytes, padding])
}

function checksum(header: Buffer): number {
  let sum = 8 * 0x20 // The field itself counts as spaces.
  header.forEach((byte, i) => {
    if (i < 148 || i >= 156) sum += byte
  })
  return sum
}

function octal(header: Buffer, at: number, length: number): number {
  return Number.parseInt(text(header, at, length).trim() || '0', 8)
}

function text(header: Buffer, at: number, length: number): string {
  const field = header.subarray(at, at + length)
  const end = field.indexOf(0)
  return field.subarray(0, end < 0 ? length : end).toString('utf8')
}
