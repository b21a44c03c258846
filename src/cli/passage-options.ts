import { isAbsolute, relative } from 'node:path'
import type { Command } from 'commander'
import { RevectorError } from '../core/errors.ts'
import type { Hit, SearchFilter, SearchResult, Serve } from '../wire/search.ts'
import { decimal, keyValue, nonEmpty, oneOf, repeated } from './arguments.ts'
import { percent, plain, type Style } from './text.ts'

/** What `search` and `ask` have in common: options that choose passages, and how a passage's place is shown. */
export interface PassageFlags {
  readonly model?: string
  readonly serve?: Serve
  readonly minScore?: number
  readonly document?: readonly string[]
  readonly title?: string
  readonly where?: readonly (readonly [string, unknown])[]
  readonly after?: Date
  readonly before?: Date
}

export function filterOf(flags: PassageFlags): SearchFilter {
  return {
    documentIds: flags.document,
    title: flags.title,
    metadata: flags.where && Object.fromEntries(flags.where),
    createdAfter: flags.after,
    createdBefore: flags.before,
  }
}

export function addServe(command: Command): Command {
  return command.option(
    '--serve <which>',
    'while a migration fills: source (the current model), target (as far as it is filled) or both',
    oneOf('--serve', ['source', 'target', 'both']),
  )
}

export function addFilter(command: Command, where: 'in' | 'from'): Command {
  return command
    .option('--min-score <x>', 'leave out passages with a lower score', decimal('--min-score'))
    .option('--document <id>', `only ${where} this document (repeatable)`, repeated(nonEmpty('--document')))
    .option('--title <text>', `only ${where} documents whose title contains this`)
    .option(
      '--where <key=value>',
      `only ${where} documents with this metadata (repeatable)`,
      repeated(keyValue('--where')),
    )
}

type Place = Pick<Hit, 'title' | 'headingPath' | 'page' | 'source' | 'documentId'>

/** The title with the headings below it, and where the document comes from. */
export function placeOf(passage: Place, style: Style): readonly [title: string, source: string] {
  const title = plain(passage.title) || `document ${passage.documentId}`
  const headings = passage.headingPath.map(plain).filter((heading, i) => i > 0 || heading !== title)
  const steps = [...headings, ...(passage.page === null ? [] : [`page ${passage.page}`])]
  return [
    style.bold(title) + steps.map((step) => style.dim(` › ${step}`)).join(''),
    style.dim(sourceOf(passage)),
  ]
}

/** In the form of the command's options. */
function sourceOf({ source, documentId }: Pick<Place, 'source' | 'documentId'>): string {
  if (source === null) return `document ${documentId}`
  const path = isAbsolute(source) ? relative(process.cwd(), source) : source
  return plain(path.startsWith('..') ? source : path)
}

type Served = Pick<SearchResult, 'models' | 'coverage' | 'serving'>

/** Why other models were searched than requested. */
export function servedInstead({ models, serving }: Served): readonly string[] {
  return serving?.reason == null ? [] : [`Searched with ${models.join(' + ')}: ${serving.reason}`]
}

export function missingCoverage({ models: [first = ''], coverage, serving }: Served): readonly string[] {
  return Object.entries(coverage)
    .filter(([, share]) => share < 1)
    .map(([model, share]) => {
      const rest =
        serving?.served === 'both' && model !== first
          ? `so that part was searched with ${first}.`
          : "so this answer can't see it."
      return `Coverage ${percent(share)}: ${model} has no vectors yet for the rest, ${rest}`
    })
}

export function serveOrModel(serve: Serve): RevectorError {
  return new RevectorError(
    'INVALID_INPUT',
    `--serve ${serve} and a model were both given: expected only one of them.`,
    { hint: '--serve takes the models from the open migration; omit it to choose models.' },
  )
}
