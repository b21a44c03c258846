import type { Dirent, Stats } from 'node:fs'
import { lstat, opendir, realpath, stat } from 'node:fs/promises'
import { basename, isAbsolute, join, relative, resolve, sep } from 'node:path'
import type { Readable } from 'node:stream'
import { glob, isDynamicPattern } from 'tinyglobby'
import { RevectorError } from '../core/errors.ts'
import { isDocumentPath } from '../parsing/media-types.ts'
import { fileFailure, readPath, readStream } from './read-file.ts'

/** A source of one document, not yet read. */
export interface InputFile {
  /** As a user would write it: relative to the working folder if inside it. `-` is standard input. */
  readonly path: string
  /** Identifies the document from one run to the next: its real, absolute path. Null for standard input. */
  readonly source: string | null
  /**
   * Reads it completely.
   *
   * @throws RevectorError NOT_FOUND, FILE_UNREADABLE, FILE_TOO_LARGE. What can't be listed (a missing path, a
   *   broken link, a closed folder) is an input whose `read` throws, so that it fails alone and in its place.
   */
  read(): Promise<Uint8Array>
}

export interface ListOptions {
  /** What relative paths start from. Default: the working folder. */
  readonly cwd?: string
  /** Default: the process's own. */
  readonly stdin?: Readable
  /** Larger files are refused before they are read. Default: no limit. */
  readonly maxBytes?: number
  /** Called with each file of a folder that is left out because its name says that it is not a document. */
  readonly onSkip?: (path: string) => void
}

interface Listing {
  readonly cwd: string
  readonly stdin: Readable
  readonly maxBytes: number
  readonly onSkip: (path: string) => void
  /** Real paths of files and folders already listed. */
  readonly seen: Set<string>
}

/**
 * The files that the patterns name, in their order; a folder's files sorted by name; each real file once. A
 * pattern is a file, a folder (with everything below it except hidden files, `node_modules` and files that are
 * not documents by their name), a glob, or `-` for standard input. An existing path is that path, whatever
 * characters it contains. A file that is named, or matched by a glob that ends in an extension, is included
 * whatever its name.
 *
 * Nothing is read before `read()`, and no more than one folder's names are held at a time.
 */
export async function* listInputs(
  patterns: readonly string[],
  options: ListOptions = {},
): AsyncGenerator<InputFile, void, undefined> {
  const listing: Listing = {
    cwd: resolve(options.cwd ?? '.'),
    stdin: options.stdin ?? process.stdin,
    maxBytes: options.maxBytes ?? Number.POSITIVE_INFINITY,
    onSkip: options.onSkip ?? (() => {}),
    seen: new Set(),
  }
  for (const pattern of patterns) {
    if (pattern === '-') yield* standardInput(listing)
    else yield* listPattern(pattern, listing)
  }
}

function* standardInput({ seen, stdin, maxBytes }: Listing): Generator<InputFile> {
  if (seen.has('-')) return
  seen.add('-')
  yield { path: '-', source: null, read: () => readStream(stdin, '-', maxBytes) }
}

async function* listPattern(pattern: string, listing: Listing): AsyncGenerator<InputFile> {
  const path = resolve(listing.cwd, pattern)
  const found = await lstat(path).catch(() => null)
  if (found === null && isDynamicPattern(pattern)) {
    yield* listGlob(pattern, listing)
    return
  }
  yield* listPath(path, listing, () => true)
}

async function* listPath(
  path: string,
  listing: Listing,
  takes: (path: string) => boolean,
): AsyncGenerator<InputFile> {
  let facts: Stats
  let real: string
  try {
    facts = await stat(path)
    real = await realpath(path)
  } catch (error) {
    yield failing(path, listing, error)
    return
  }
  if (facts.isDirectory()) yield* listFolder({ path, real }, listing)
  else if (takes(path)) yield* listFile(path, real, listing)
  else listing.onSkip(shown(path, listing.cwd))
}

function* listFile(path: string, real: string, listing: Listing): Generator<InputFile> {
  if (listing.seen.has(real)) return
  listing.seen.add(real)
  const name = shown(path, listing.cwd)
  yield {
    path: name,
    source: sep === '/' ? real : real.replaceAll(sep, '/'),
    read: () => readPath(path, name, listing.maxBytes),
  }
}

interface Folder {
  readonly path: string
  readonly real: string
}

async function* listFolder(folder: Folder, listing: Listing): AsyncGenerator<InputFile> {
  // Also ends a cycle of links.
  if (listing.seen.has(folder.real)) return
  listing.seen.add(folder.real)
  let entries: Dirent[]
  try {
    entries = await entriesOf(folder.path)
  } catch (error) {
    yield failing(folder.path, listing, error)
    return
  }
  for (const entry of entries) {
    const path = join(folder.path, entry.name)
    if (entry.isDirectory()) {
      yield* listFolder({ path, real: join(folder.real, entry.name) }, listing)
    } else if (entry.isSymbolicLink()) {
      yield* listLink(path, listing)
    } else if (!entry.isFile()) {
      // A socket, pipe or device in a folder is not a document.
    } else if (!isDocumentPath(entry.name)) {
      listing.onSkip(shown(path, listing.cwd))
    } else {
      yield* listFile(path, join(folder.real, entry.name), listing)
    }
  }
}

async function* listLink(path: string, listing: Listing): AsyncGenerator<InputFile> {
  const facts = await stat(path).catch((error: unknown) => error)
  if (!isStats(facts)) {
    // A broken link counts only if its name says that it is a document.
    if (isDocumentPath(path)) yield failing(path, listing, facts)
    else listing.onSkip(shown(path, listing.cwd))
    return
  }
  const real = await realpath(path)
  if (facts.isDirectory()) yield* listFolder({ path, real }, listing)
  else if (facts.isFile() && isDocumentPath(path)) yield* listFile(path, real, listing)
  else listing.onSkip(shown(path, listing.cwd))
}

function isStats(value: unknown): value is Stats {
  return typeof value === 'object' && value !== null && 'isDirectory' in value
}

async function entriesOf(path: string): Promise<Dirent[]> {
  const entries: Dirent[] = []
  for await (const entry of await opendir(path)) {
    if (!entry.name.startsWith('.') && entry.name !== 'node_modules') entries.push(entry)
  }
  return entries.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
}

async function* listGlob(pattern: string, listing: Listing): AsyncGenerator<InputFile> {
  const wanted = sep === '/' ? pattern : pattern.replaceAll(sep, '/')
  const left = wanted.includes('node_modules') ? ['**/.git/**'] : ['**/.git/**', '**/node_modules/**']
  const found = await glob(wanted, {
    cwd: listing.cwd,
    absolute: true,
    dot: false,
    expandDirectories: false,
    ignore: left,
  }).catch(() => [])
  if (found.length === 0) {
    const error = new RevectorError('NOT_FOUND', `No file matches ${pattern}.`, {
      hint: 'Check the pattern and the folder it starts from.',
      data: { path: pattern },
    })
    yield { path: pattern, source: null, read: () => Promise.reject(error) }
    return
  }
  // `docs/**` means the documents in it; `*.log` means what it says.
  const named = !/[*?]$/.test(basename(wanted))
  for (const path of found.sort())
    yield* listPath(resolve(path), listing, named ? () => true : isDocumentPath)
}

function failing(path: string, listing: Listing, cause: unknown): InputFile {
  const name = shown(path, listing.cwd)
  const error = fileFailure(name, cause)
  return { path: name, source: null, read: () => Promise.reject(error) }
}

function shown(path: string, cwd: string): string {
  const inside = relative(cwd, path)
  if (inside === '') return '.'
  return inside.startsWith('..') || isAbsolute(inside) ? path : inside
}
