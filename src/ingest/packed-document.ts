import type { ChunkText, ParsedDocument, SplitDocument } from '../core/document.ts'
import { takingTurns } from '../core/turns.ts'

/**
 * A document on its way from the process that read it. Ten megabytes of text have some 40,000 chunks: as objects they would keep
 * the service from answering while they arrive, and carry the text a second time.
 */
export interface PackedDocument {
  readonly parsed: ParsedDocument
  readonly textHash: string
  /** For each chunk: start, end, page (0: none), tokens, and its place in `paths`. */
  readonly numbers: Uint32Array<ArrayBuffer>
  /** 32 bytes for each chunk. */
  readonly hashes: Uint8Array<ArrayBuffer>
  readonly paths: readonly (readonly string[])[]
}

const numbersEach = 5
const hashBytes = 32

export function packDocument({ chunks, textHash, ...parsed }: SplitDocument): PackedDocument {
  const numbers = new Uint32Array(chunks.length * numbersEach)
  const hashes = new Uint8Array(chunks.length * hashBytes)
  const paths = new Map<readonly string[], number>()
  for (const [index, chunk] of chunks.entries()) {
    const path = paths.get(chunk.headingPath) ?? paths.size
    paths.set(chunk.headingPath, path)
    const { startOffset, endOffset, page, tokenCount, contentHash } = chunk
    numbers.set([startOffset, endOffset, page ?? 0, tokenCount, path], index * numbersEach)
    hashes.set(Buffer.from(contentHash, 'hex'), index * hashBytes)
  }
  return { parsed, textHash, numbers, hashes, paths: [...paths.keys()] }
}

/** What a thread can hand over without copying it. */
export function buffersOf({ numbers, hashes }: PackedDocument): ArrayBuffer[] {
  return [numbers.buffer, hashes.buffer]
}

/** Others are answered in between: a long document has a hundred thousand chunks. */
export async function unpackDocument(packed: PackedDocument): Promise<SplitDocument> {
  const { parsed, textHash, numbers, hashes, paths } = packed
  const digests = Buffer.from(hashes.buffer, hashes.byteOffset, hashes.byteLength)
  const pause = takingTurns()
  const chunks: ChunkText[] = []
  for (let position = 0; position < numbers.length / numbersEach; position += 1) {
    if (position % 100 === 0) await pause()
    const at = position * numbersEach
    const [startOffset = 0, endOffset = 0, page = 0, tokenCount = 0, path = 0] = numbers.subarray(
      at,
      at + numbersEach,
    )
    chunks.push({
      position,
      content: parsed.text.slice(startOffset, endOffset),
      startOffset,
      endOffset,
      headingPath: paths[path] ?? [],
      page: page === 0 ? null : page,
      tokenCount,
      contentHash: digests.toString('hex', position * hashBytes, (position + 1) * hashBytes),
    })
  }
  return { ...parsed, chunks, textHash }
}
