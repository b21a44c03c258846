import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, posix } from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { MultipartFile } from '@fastify/multipart'
import type { FastifyRequest } from 'fastify'
import { grouped } from '../core/counted.ts'
import { RevectorError } from '../core/errors.ts'
import { faultOfText } from './json-body.ts'

export interface UploadLimits {
  readonly maxUploadFiles: number
  readonly maxUploadBytes: number
}

/** A multipart form, stored on disk. */
export interface Upload {
  readonly fields: Readonly<Record<string, string>>
  readonly files: readonly UploadedFile[]
}

export interface UploadedFile {
  /** In a folder of its own, under a generated name. */
  readonly path: string
  /** The client's name for it. A label, never a path. */
  readonly name: string
  /** SHA-256 of its content, in hex. */
  readonly hash: string
}

/** A form takes a few short fields besides its files. */
const fieldLimits = { fields: 20, fieldNameSize: 100, fieldSize: 1_000_000, headerPairs: 50 }

/**
 * Writes a form's files to a folder as they arrive, passes them on, and deletes the folder, whatever happens.
 *
 * @throws RevectorError REQUEST_MALFORMED, REQUEST_TOO_LARGE, INVALID_INPUT
 */
export async function withUpload<T>(
  request: FastifyRequest,
  limits: UploadLimits,
  work: (upload: Upload) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'revector-upload-'))
  try {
    return await work(await receive(request, limits, folder))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function receive(request: FastifyRequest, limits: UploadLimits, folder: string): Promise<Upload> {
  const fields = new Map<string, string>()
  const files: UploadedFile[] = []
  const budget = { left: limits.maxUploadBytes, all: limits.maxUploadBytes }
  try {
    for await (const part of request.parts({ limits: partLimits(limits) })) {
      if (part.type === 'file') {
        if (part.fieldname !== 'files')
          throw invalid(`a file was sent as ${shown(part.fieldname)}: expected files`)
        files.push(await store(part, join(folder, String(files.length)), budget))
        continue
      }
      const value = typeof part.value === 'string' ? part.value : JSON.stringify(part.value)
      if (fields.has(part.fieldname))
        throw invalid(`${shown(part.fieldname)} was sent twice: expected it once`)
      const fault = faultOfText(value)
      if (fault !== null) throw invalid(`${shown(part.fieldname)} contains ${fault}`)
      fields.set(part.fieldname, value)
    }
  } catch (error) {
    throw isOurs(error) ? error : malformed(error)
  }
  if (files.length === 0) throw invalid('there is no file: expected at least one, as files')
  return { fields: Object.fromEntries(fields), files }
}

function partLimits({ maxUploadFiles, maxUploadBytes }: UploadLimits) {
  return {
    ...fieldLimits,
    files: maxUploadFiles,
    fileSize: maxUploadBytes,
    deps: maxUploadFiles + fieldLimits.fields,
  }
}

async function store(
  part: MultipartFile,
  path: string,
  budget: { left: number; readonly all: number },
): Promise<UploadedFile> {
  const hash = createHash('sha256')
  const counted = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      budget.left -= chunk.length
      if (budget.left < 0) {
        done(
          new RevectorError(
            'REQUEST_TOO_LARGE',
            `The files have more than the ${grouped(budget.all)} bytes allowed.`,
            {
              hint: 'Send them in several uploads, or raise `serve.maxUploadBytes`.',
              data: { limit: budget.all },
            },
          ),
        )
        return
      }
      hash.update(chunk)
      done(null, chunk)
    },
  })
  await pipeline(part.file, counted, createWriteStream(path, { flags: 'wx', mode: 0o600 }))
  return { path, name: labelOf(part.filename), hash: hash.digest('hex') }
}

/** The last part of the client's file name, without invisible characters. */
export function labelOf(filename: string | undefined): string {
  const last = posix.basename((filename ?? '').replaceAll('\\', '/'))
  const seen = last.toWellFormed().replace(/\p{C}/gu, '').normalize('NFC').trim().slice(0, 255)
  return seen === '' || /^\.+$/.test(seen) ? 'upload' : seen
}

/** Our own errors and those of the disk; any other error is the parser's. */
function isOurs(error: unknown): boolean {
  if (error instanceof RevectorError) return true
  if (!(error instanceof Error)) return false
  return 'syscall' in error || ('statusCode' in error && error.statusCode === 413)
}

function malformed(cause: unknown): RevectorError {
  const why = cause instanceof Error ? cause.message.split('\n')[0] : ''
  return new RevectorError('REQUEST_MALFORMED', `The form cannot be read: ${why}.`, {
    hint: 'Send multipart/form-data with the files as `files`.',
    cause,
  })
}

function invalid(what: string): RevectorError {
  return new RevectorError('INVALID_INPUT', `In the form ${what}.`, { hint: 'See /docs#addDocuments.' })
}

function shown(name: string): string {
  return JSON.stringify(name.slice(0, 100))
}
