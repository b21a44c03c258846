import { basename, extname } from 'node:path'
import { counted, grouped } from '../core/counted.ts'
import type { ParsedDocument } from '../core/document.ts'
import { interrupted, RevectorError, throwIfAborted } from '../core/errors.ts'
import { type DetectedType, detectType, type ParseInput } from './detect.ts'
import { ParsePool } from './parse-pool.ts'
import { readDocument } from './read-document.ts'

export type { ParseInput } from './detect.ts'

export interface ParserLimits {
  /** Largest file. Default 64 MiB. A larger one is FILE_TOO_LARGE. */
  readonly maxBytes?: number
  /** Longest time for one file, without its wait for a free worker. Default 60,000 ms. */
  readonly timeoutMs?: number
  /** Longest text, in UTF-16 code units. Default 16 million (a shelf of books). */
  readonly maxTextLength?: number
  /** Limit for the unpacked text parts of a DOCX. Default 128 MiB. */
  readonly maxUnpackedBytes?: number
  /** JavaScript heap of one worker. Default 1,024 MB. */
  readonly maxMemoryMb?: number
  /** Files parsed at once. Default 1. */
  readonly workers?: number
}

export interface Parser {
  /**
   * A file's bytes as a document. PDF, DOCX, HTML and long texts are parsed in a worker thread.
   *
   * @throws RevectorError FILE_TOO_LARGE, FILE_TYPE_UNSUPPORTED, PARSE_FAILED, PARSE_TIMEOUT, DOCUMENT_EMPTY,
   *   INTERRUPTED. A failure of one file never affects another.
   */
  parse(input: ParseInput, options?: { readonly signal?: AbortSignal }): Promise<ParsedDocument>
  /** Ends the worker threads. */
  close(): Promise<void>
}

export const parserDefaults = {
  maxBytes: 64 * 1024 * 1024,
  timeoutMs: 60_000,
  maxTextLength: 16_000_000,
  maxUnpackedBytes: 128 * 1024 * 1024,
  maxMemoryMb: 1024,
  workers: 1,
} as const satisfies Required<ParserLimits>

/** Shorter text takes a few milliseconds in the main thread, less than a worker costs. */
const shortText = 256 * 1024

export function createParser(limits: ParserLimits = {}): Parser {
  const all = { ...parserDefaults, ...limits }
  const pool = new ParsePool(all)
  let closed = false
  return {
    async parse(input, { signal } = {}) {
      throwIfAborted(signal)
      if (closed) throw interrupted()
      checkSize(input.bytes.length, all.maxBytes)
      if (input.bytes.length === 0) {
        throw new RevectorError('DOCUMENT_EMPTY', 'The file is empty.', { hint: 'Leave it out.' })
      }
      const type = detectType(input)
      const fallbackTitle = titleOfPath(input.path)
      return isLight(type, input.bytes)
        ? readDocument(input.bytes, type, { fallbackTitle, limits: all })
        : pool.run({ bytes: input.bytes, type, fallbackTitle, limits: pick(all) }, signal)
    },
    async close() {
      closed = true
      await pool.close()
    },
  }
}

function pick({ maxTextLength, maxUnpackedBytes }: Required<ParserLimits>) {
  return { maxTextLength, maxUnpackedBytes }
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
