import type { InputFile } from './files.ts'
import { readPath } from './read-file.ts'

/** A file whose path does not tell its name: an upload in a temporary folder. */
export interface NamedFile {
  /** Path of its content. */
  readonly path: string
  /** The name its owner gave it; its extension helps to detect the type. Never used as a path. */
  readonly name: string
  /** Identifies its document: ingesting it again replaces the document. Null: a new document each time. */
  readonly source: string | null
}

/** The files as inputs under their given names. */
export async function* namedInputs(
  files: readonly NamedFile[],
  { maxBytes }: { readonly maxBytes: number },
): AsyncGenerator<InputFile, void, undefined> {
  for (const { path, name, source } of files) {
    yield { path: name, source, read: () => readPath(path, name, maxBytes) }
  }
}
