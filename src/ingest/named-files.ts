import { stat } from 'node:fs/promises'
import type { InputFile } from './files.ts'
import { readPath } from './read-file.ts'

/** A file whose own name says nothing of it: an upload in a temporary folder. */
export interface NamedFile {
  /** Where its bytes are. */
  readonly path: string
  /** What its owner calls it; its ending helps to tell what it is. Never used as a path. */
  readonly name: string
  /** What its document is known by: given again, the document is replaced. Null: a new one each time. */
  readonly source: string | null
}

/** The same as files that were found, under the names they were given. */
export async function* namedInputs(
  files: readonly NamedFile[],
  { maxBytes }: { readonly maxBytes: number },
): AsyncGenerator<InputFile, void, undefined> {
  for (const { path, name, source } of files) {
    const facts = await stat(path).catch(() => null)
    yield {
      path: name,
      source,
      size: facts?.size ?? null,
      modifiedAt: facts?.mtime ?? null,
      read: () => readPath(path, name, maxBytes),
    }
  }
}
