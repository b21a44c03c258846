import { inflateRawSync } from 'node:zlib'
import { counted, grouped } from '../core/counted.ts'
import { RevectorError } from '../core/errors.ts'

/*
 * Our own, not a library's: what an archive claims is checked before a byte of it is unpacked, and no part may unpack to more
 * than it claims. Node's zlib does the unpacking.
 */

export interface ZipEntry {
  readonly name: string
  readonly encrypted: boolean
  /** 0: stored, 8: deflated. */
  readonly method: number
  readonly compressedSize: number
  /** As the archive claims. */
  readonly size: number
  readonly headerOffset: number
}

/** An office document has dozens of entries; thousands are an attack or another type of file. */
const mostEntries = 10_000

/** The archive's central directory. @throws RevectorError PARSE_FAILED if it can't be read */
export function zipEntries(bytes: Uint8Array): ZipEntry[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const end = endRecord(view)
  if (end === null) throw damaged('its list of contents is missing')
  const entries: ZipEntry[] = []
  let at = view.getUint32(end + 16, true)
  const count = view.getUint16(end + 10, true)
  if (count > mostEntries)
    throw damaged(`it has ${counted(count, 'part')}, more than ${grouped(mostEntries)}`)
  for (let index = 0; index < count; index++) {
    if (at + 46 > bytes.length || view.getUint32(at, true) !== 0x02014b50)
      throw damaged('its list of contents is cut short')
    const nameLength = view.getUint16(at + 28, true)
    entries.push({
      name: Buffer.from(bytes.subarray(at + 46, at + 46 + nameLength)).toString('utf8'),
      encrypted: (view.getUint16(at + 8, true) & 1) === 1,
      method: view.getUint16(at + 10, true),
      compressedSize: view.getUint32(at + 20, true),
      size: view.getUint32(at + 24, true),
      headerOffset: view.getUint32(at + 42, true),
    })
    at += 46 + nameLength + view.getUint16(at + 30, true) + view.getUint16(at + 32, true)
  }
  return entries
}

/** The unpacked part, never larger than it claims. @throws RevectorError PARSE_FAILED */
export function unzip(bytes: Uint8Array, entry: ZipEntry): Buffer {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const at = entry.headerOffset
  if (at + 30 > bytes.length || view.getUint32(at, true) !== 0x04034b50)
    throw damaged(`the part ${entry.name} is missing`)
  const start = at + 30 + view.getUint16(at + 26, true) + view.getUint16(at + 28, true)
  const packed = bytes.subarray(start, start + entry.compressedSize)
  if (entry.method === 0) {
    if (packed.length === entry.size) return Buffer.from(packed)
    throw damaged(`the part ${entry.name} does not have the ${counted(entry.size, 'byte')} it claims`)
  }
  if (entry.method !== 8) throw damaged(`the part ${entry.name} has an unknown compression method`)
  try {
    return inflateRawSync(packed, { maxOutputLength: Math.max(1, entry.size) })
  } catch (cause) {
    throw damaged(
      `the part ${entry.name} does not unpack to the ${counted(entry.size, 'byte')} it claims`,
      cause,
    )
  }
}

function endRecord(view: DataView): number | null {
  const lowest = Math.max(0, view.byteLength - 22 - 0xffff)
  for (let at = view.byteLength - 22; at >= lowest; at--) {
    if (view.getUint32(at, true) === 0x06054b50) return at
  }
  return null
}

function damaged(what: string, cause?: unknown): RevectorError {
  return new RevectorError('PARSE_FAILED', `The archive is damaged or malicious: ${what}.`, {
    hint: 'Open the file in the program that made it and save it again.',
    cause,
  })
}
