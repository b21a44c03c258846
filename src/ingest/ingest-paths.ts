import { randomUUID } from 'node:crypto'
import type { Metadata } from '../core/document.ts'
import { throwIfAborted } from '../core/errors.ts'
import type { OnProgress } from '../core/progress.ts'
import type { Deps, EmbedDeps } from '../store/deps.ts'
import type { IngestReport } from '../wire/ingest.ts'
import { inOrder } from './batches.ts'
import { type InputFile, listInputs } from './files.ts'
import { type NamedFile, namedInputs } from './named-files.ts'
import { type PreparedDocument, prepareDocument } from './prepare.ts'
import { type IngestTally, tallyIngest } from './tally.ts'
import { stopsEveryDocument, writeAll } from './write-all.ts'

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
  const { onProgress, owner = randomUUID() } = request
  const tally = tallyIngest(onProgress)
  return writeAll(deps, request, tally, () => prepared(deps, { ...request, owner }, tally))
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
    if (document === null) await tally.failed(path, error)
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
    if (stopsEveryDocument(error)) throw error
    return { path: file.path, document: null, error }
  }
}
