import { isAbsolute, relative } from 'node:path'
import { RevectorError } from '../core/errors.ts'
import type { SearchFilter, Serve } from '../wire/search.ts'
import { plain } from './text.ts'

/** Options that narrow a search. */
export interface FilterFlags {
  readonly document?: readonly string[]
  readonly title?: string
  readonly where?: readonly (readonly [string, unknown])[]
  readonly after?: Date
  readonly before?: Date
}

export function filterOf(flags: FilterFlags): SearchFilter {
  return {
    documentIds: flags.document,
    title: flags.title,
    ...(flags.where === undefined ? {} : { metadata: Object.fromEntries(flags.where) }),
    createdAfter: flags.after,
    createdBefore: flags.before,
  }
}

/** Where a passage comes from, in the form of the command's options. */
export function sourceOf({
  source,
  documentId,
}: {
  readonly source: string | null
  readonly documentId: string
}): string {
  if (source === null) return `document ${documentId}`
  const path = isAbsolute(source) ? relative(process.cwd(), source) : source
  return plain(path.startsWith('..') ? source : path)
}

export function serveOrModel(serve: Serve): RevectorError {
  return new RevectorError(
    'INVALID_INPUT',
    `--serve ${serve} and a model were both given: expected only one of them.`,
    {
      hint: '--serve takes the models from the open migration; omit it to choose models.',
    },
  )
}
