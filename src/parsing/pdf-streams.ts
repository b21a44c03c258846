import { createInflate, inflateSync } from 'node:zlib'
import { counted, grouped } from '../core/counted.ts'
import { RevectorError } from '../core/errors.ts'

/** A dictionary with more characters than this before its stream is looked at from its end only. */
const longestDictionary = 2_000
const inflated = /\/(?:FlateDecode|Fl)\b/
/** Pictures and attachments unpack to megabytes, and are never unpacked here. */
const picture = /\/(?:Image|EmbeddedFile)\b/

/**
 * Refuses a PDF one of whose streams unpacks to more than a page has, before anything interprets it: a megabyte may hold
 * hundreds, which take a minute and all the memory allowed. A stream that hides from this meets those limits.
 *
 * @throws RevectorError FILE_TOO_LARGE
 */
export async function checkStreams(bytes: Uint8Array, maxUnpackedBytes: number): Promise<void> {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let end = 0
  for (let at = file.indexOf('stream'); at !== -1; at = file.indexOf('stream', at + 6)) {
    // What follows a stream's end, or is inside of one that was looked at.
    if (at < end || file[at - 1] === 0x64) continue
    const start = at + (file[at + 6] === 0x0d ? 8 : 7)
    const dictionary = dictionaryBefore(file, at)
    if (!inflated.test(dictionary) || picture.test(dictionary)) continue
    const closed = file.indexOf('endstream', start)
    end = closed === -1 ? file.length : closed
    if (await exceeds(file.subarray(start), maxUnpackedBytes)) throw tooMuch(maxUnpackedBytes)
  }
}

function dictionaryBefore(file: Buffer, at: number): string {
  const text = file.toString('latin1', Math.max(0, at - longestDictionary), at)
  return text
    .slice(text.lastIndexOf(' obj') + 1)
    .replace(/#([\da-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}

/** Whatever follows the stream does not matter: its data say where they end. */
async function exceeds(packed: Buffer, limit: number): Promise<boolean> {
  try {
    inflateSync(packed, { maxOutputLength: limit })
    return false
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE') return true
  }
  // Damaged: readers take what there is up to the damage.
  return damagedExceeds(packed, limit)
}

async function damagedExceeds(packed: Buffer, limit: number): Promise<boolean> {
  const inflate = createInflate()
  inflate.end(packed)
  let length = 0
  try {
    for await (const part of inflate) {
      length += (part as Buffer).length
      if (length > limit) return true
    }
  } catch {
    // The damage.
  }
  return false
}

function tooMuch(limit: number): RevectorError {
  return new RevectorError(
    'FILE_TOO_LARGE',
    `The PDF has a stream that unpacks to more than the ${counted(limit, 'byte')} allowed.`,
    {
      hint: 'If it is a valid document, print it to a new PDF or convert it to text, and ingest that.',
      data: { limit },
    },
  )
}

export function checkPages(pages: number, limit: number): void {
  if (pages <= limit) return
  throw new RevectorError(
    'FILE_TOO_LARGE',
    `The PDF has ${counted(pages, 'page')}, more than the ${grouped(limit)} allowed.`,
    {
      hint: 'Split it, or raise `maxPdfPages` and, as it takes longer, `parseTimeoutMs`.',
      data: { pages, limit },
    },
  )
}
