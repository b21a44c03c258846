import { totalmem } from 'node:os'
import { basename, extname } from 'node:path'
import { counted, grouped } from '../core/counted.ts'
import type { ChunkLimits, SplitDocument } from '../core/document.ts'
import { interrupted, RevectorError, throwIfAborted } from '../core/errors.ts'
import { type DetectedType, detectType, type ParseInput } from './detect.ts'
import { ParsePool } from './parse-pool.ts'
import type { ReadJob } from './process-messages.ts'
import type { ReadLimits } from './read-limits.ts'

export type { ParseInput } from './detect.ts'

export interface ParserLimits {
  /** Largest file. Default 64 MiB. A larger one is FILE_TOO_LARGE. */
  readonly maxBytes?: number
  /** Longest time for one file, without its wait for its turn. Default 60,000 ms. */
  readonly timeoutMs?: number
  /** Longest text, in UTF-16 code units. Default 16 million (a shelf of books). */
  readonly maxTextLength?: number
  /** Limit for the unpacked text parts of a DOCX and each stream of a PDF, which take twenty times their size to read. Default 40 MiB. */
  readonly maxUnpackedBytes?: number
  /** Most pages of a PDF. Default 10,000. */
  readonly maxPages?: number
  /** Resident memory of one process. Default 1,024 MB. */
  readonly maxMemoryMb?: number
  /** Files read at once, each of another owner. Default: 2 to 4, as half of the machine's memory allows. */
  readonly processes?: number
  readonly chunks?: ChunkLimits
}

/** How files are read and split. Given from above, because neither parsing nor splitting knows the other. */
export interface Reading<Packed> {
  /** Reads a short text in this thread. */
  here(job: ReadJob): Promise<SplitDocument>
  /** Module of the worker thread that reads anything else. */
  readonly worker: URL
  /** The document of what the worker sent. */
  unpack(packed: Packed): Promise<SplitDocument>
}

export interface ParseOptions {
  readonly signal?: AbortSignal
  /** Whose file it is: owners take turns. Default: an owner of its own. */
  readonly owner?: string
}

export interface Parser {
  /**
   * A file's bytes as a document and its chunks. PDF, DOCX, HTML and long texts are read in another process.
   *
   * @throws RevectorError FILE_TOO_LARGE, FILE_TYPE_UNSUPPORTED, PARSE_FAILED, PARSE_TIMEOUT, PARSE_OUT_OF_MEMORY,
   *   DOCUMENT_EMPTY, INTERRUPTED. A failure of one file never affects another.
   */
  parse(input: ParseInput, options?: ParseOptions): Promise<SplitDocument>
  /** Ends the processes. */
  close(): Promise<void>
}

export const parserDefaults = {
  maxBytes: 64 * 1024 * 1024,
  timeoutMs: 60_000,
  maxTextLength: 16_000_000,
  maxUnpackedBytes: 40 * 1024 * 1024,
  maxPages: 10_000,
  maxMemoryMb: 1024,
} as const satisfies Omit<Required<ParserLimits>, 'processes' | 'chunks'>

/** Shorter text takes a few milliseconds here, less than another process costs; the worst a few dozen. */
const shortText = 24 * 1024

export function createParser<Packed>(
  reading: Reading<Packed>,
  { chunks = {}, ...limits }: ParserLimits = {},
): Parser {
  const all = { ...parserDefaults, ...limits }
  const processes = limits.processes ?? processesFor(all.maxMemoryMb)
  const pool = new ParsePool<Packed>(reading.worker, { ...all, processes })
  let closed = false
  let calls = 0
  return {
    async parse(input, { signal, owner = `call ${calls++}` } = {}) {
      throwIfAborted(signal)
      if (closed) throw interrupted()
      checkSize(input.bytes.length, all.maxBytes)
      if (input.bytes.length === 0) {
        throw new RevectorError('DOCUMENT_EMPTY', 'The file is empty.', { hint: 'Leave it out.' })
      }
      const type = detectType(input)
      const fallbackTitle = titleOfPath(input.path)
      const job = { bytes: input.bytes, type, fallbackTitle, limits: pick(all), chunks }
      return isLight(type, input.bytes)
        ? reading.here(job)
        : await reading.unpack(await pool.run(job, { signal, owner }))
    },
    async close() {
      closed = true
      await pool.close()
    },
  }
}

/** Several owners' files may need all they are allowed at once, and PostgreSQL may be on the same machine. */
function processesFor(maxMemoryMb: number): number {
  const memory = Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY)
  return Math.min(4, Math.max(2, Math.floor(memory / 2 / (maxMemoryMb * 1024 * 1024))))
}

function pick({ maxTextLength, maxUnpackedBytes, maxPages }: ReadLimits): ReadLimits {
  return { maxTextLength, maxUnpackedBytes, maxPages }
}

function checkSize(bytes: number, limit: number): void {
  if (bytes <= limit) return
  throw new RevectorError(
    'FILE_TOO_LARGE',
    `The file has ${counted(bytes, 'byte')}, more than the ${grouped(limit)} allowed.`,
    { hint: 'Split the file or raise the limit.', data: { bytes, limit } },
  )
}

function isLight(type: DetectedType, bytes: Uint8Array): boolean {
  return (type.format === 'text' || type.format === 'markdown') && bytes.length <= shortText
}

function titleOfPath(path: string | undefined): string | null {
  if (path === undefined || path === '-') return null
  const name = basename(path)
  return name.slice(0, name.length - extname(name).length)
}
