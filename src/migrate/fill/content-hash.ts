import { createHash } from 'node:crypto'

/** What makes two chunks one text. Those of an adopted table have no hash stored: theirs is made here. */
export function contentHashOf(chunk: {
  readonly contentHash: string | null
  readonly content: string
}): string {
  return chunk.contentHash ?? createHash('sha256').update(chunk.content).digest('hex')
}
