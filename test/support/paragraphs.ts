import { createHash } from 'node:crypto'
import type { ChunkText } from '../../src/core/document.ts'
import type { PreparedDocument } from '../../src/ingest/prepare.ts'

/** A document whose chunks are its lines: what the write of it is tested with, whatever splitting does. */
export function lines(source: string | null, texts: readonly string[], title = 'A title'): PreparedDocument {
  const content = texts.join('\n')
  let at = 0
  const chunks = texts.map((text, position): ChunkText => {
    const startOffset = at
    at += text.length + 1
    return {
      position,
      content: text,
      startOffset,
      endOffset: startOffset + text.length,
      headingPath: ['Top', `${position}`],
      page: null,
      tokenCount: text.split(' ').length,
      contentHash: createHash('sha256').update(text).digest('hex'),
    }
  })
  return {
    path: source ?? title,
    source,
    title,
    content,
    mediaType: 'text/plain',
    metadata: { lang: 'en' },
    contentHash: createHash('sha256')
      .update(JSON.stringify([title, content]))
      .digest('hex'),
    chunks,
  }
}
