import { randomUUID } from 'node:crypto'
import type { Metadata } from '../core/document.ts'
import { isRevectorError, throwIfAborted } from '../core/errors.ts'
import type { OnProgress } from '../core/progress.ts'
import { requireOwnDocuments } from '../schema/attach/guards.ts'
import { bulkLoading } from '../schema/bulk-load.ts'
import type { Deps, EmbedDeps } from '../store/deps.ts'
import type { IngestReport } from '../wire/ingest.ts'
import { batchDocuments, inOrder, oneBehind } from './batches.ts'
import { type InputFile, listInputs } from './files.ts'
import { type NamedFile, namedInputs } from './named-files.ts'
import { readPending } from './pending.ts'
import { type PreparedDocument, prepareDocument } from './prepare.ts'
import { type IngestTally, tallyIngest } from './tally.ts'
import { readTargets } from './targets.ts'
import { type WriteOptions, writeDocuments } from './write.ts'

export interface IngestPaths {
  /** Files, folders, globs; `-` is standard input. */
  readonly paths: readonly string[]
  /** Further files, each with the name its owner gave it. */
  readonly files?: readonly NamedFile[]
  /** Embed with this model only; if not set: with every written model. */
  readonly model?: string
  /** Added to the metadata of every document. */
  readonly metadata?: Metadata
  /** Whose files they are: while one owner's are read, those of others are too. Default: this call's. */
  readonly owner?: string
  readonly signal?: AbortSignal
  readonly onProgress?: OnProgress
}

/** Files read and parsed ahead of the one that is being written. */
const readAhead = 4

/**
 * Reads files and writes them, a batch at a time, so that memory use stays constant. A file that cannot be
 * read, parsed or embedded is reported and does not affect the others. When run again, it skips what is already
 * there.
 *
 * @throws RevectorError for what would stop every file: MODEL_UNKNOWN, PROVIDER_*, DATABASE_*, INTERRUPTED.
 * What was written before stays.
 */
export async function ingestPaths(
  deps: EmbedDeps & Pick<Deps, 'parser' | 'maxFileBytes'>,
  request: IngestPaths,
): Promise<IngestReport> {
  requireOwnDocuments(deps.layout)
  const { signal, onProgress, owner = randomUUID() } = request
  const started = performance.now()
  // Checked before any file is read: a misspelt model should not cost an hour of parsing.
  const targets = await readTargets(deps.db, request.model)
  const tally = tallyIngest(onProgress)
  onProgress?.({ type: 'ingest.started', files: null })
  const failing = new Set<number>()
  await bulkLoading(deps.db, { signal, onProgress, limits: deps.buildLimits }, async ({ before }) => {
    const options: WriteOptions = {
      modelName: request.model,
      failing,
      beforeStoring: before,
      signal,
      onProgress,
    }
    await oneBehind(batchDocuments(prepared(deps, { ...request, owner }, tally)), async (batch) => {
      throwIfAborted(signal)
      await writeBatch(deps, batch, options, tally)
    })
  })

  const counts = tally.counts()
  onProgress?.({ type: 'ingest.finished', ...counts, failed: counts.failed.length })
  return {
    ...counts,
    models: targets.models.filter(({ id }) => !failing.has(id)).map(({ modelName }) => modelName),
    pending: await readPending(deps),
    seconds: (performance.now() - started) / 1_000,
  }
}

/** Documents as they leave the parser, in the order of the files; failures are tallied. */
async function* prepared(
  deps: Pick<Deps, 'parser' | 'maxFileBytes'>,
  request: IngestPaths,
  tally: IngestTally,
): AsyncIterable<PreparedDocument> {
  const files = inputsOf(deps, request, tally)
  for await (const { path, document, error } of inOrder(files, readAhead, (file) =>
    prepareFile(deps, request, file),
  )) {
    if (document === null) tally.failed(path, error)
    else yield document
  }
}

async function* inputsOf(
  { maxFileBytes: maxBytes }: Pick<Deps, 'maxFileBytes'>,
  { paths, files = [] }: IngestPaths,
  tally: IngestTally,
): AsyncGenerator<InputFile, void, undefined> {
  yield* listInputs(paths, { maxBytes, onSkip: tally.skipped })
  yield* namedInputs(files, { maxBytes })
}

/** Failures too wait for their turn, so that a report names them in the order of the files. */
interface PreparedFile {
  readonly path: string
  readonly document: PreparedDocument | null
  readonly error: unknown
}

async function prepareFile(
  deps: Pick<Deps, 'parser'>,
  { metadata, signal, owner }: IngestPaths,
  file: InputFile,
): Promise<PreparedFile> {
  try {
    throwIfAborted(signal)
    const input = { bytes: await file.read(), path: file.path }
    const parsed = await deps.parser.parse(input, { signal, owner })
    const document = prepareDocument(parsed, { path: file.path, source: file.source, metadata })
    return { path: file.path, document, error: null }
  } catch (error) {
    if (stopsEveryFile(error)) throw error
    return { path: file.path, document: null, error }
  }
}

async function writeBatch(
  deps: EmbedDeps,
  batch: readonly PreparedDocument[],
  options: WriteOptions,
  tally: IngestTally,
): Promise<void> {
  try {
    const { documents } = await writeDocuments(deps, batch, options)
    for (const [i, document] of batch.entries()) tally.written(document, documents[i])
  } catch (error) {
    if (stopsEveryFile(error)) throw error
    const [only] = batch
    if (batch.length === 1 && only !== undefined) {
      tally.failed(only.path, error)
      return
    }
    // One of them causes the failure: written one by one, it does not affect the others.
    for (const document of batch) await writeBatch(deps, [document], options, tally)
  }
}

/** Failures that every further file would have as well. */
const everywhere = new Set<string>([
  'INTERRUPTED',
  'MODEL_UNKNOWN',
  'EMBEDDING_DIMENSION_MISMATCH',
  'VECTOR_COLUMN_MISSING',
  'PROVIDER_UNAVAILABLE',
  'PROVIDER_REFUSED',
  'PROVIDER_KEY_MISSING',
  'PROVIDER_KEY_WITHHELD',
  'PROVIDER_PACKAGE_MISSING',
  'RATE_LIMITED',
  'DATABASE_UNREACHABLE',
  'DATABASE_AUTHENTICATION_FAILED',
  'DATABASE_PERMISSION_DENIED',
  'FOLDER_UNUSABLE',
])

function stopsEveryFile(error: unknown): boolean {
  // An error of another type is a bug of the program, not of the file.
  if (!isRevectorError(error)) return true
  // If the provider names the text it rejects, the others are fine.
  return everywhere.has(error.code) && typeof error.data['index'] !== 'number'
}
