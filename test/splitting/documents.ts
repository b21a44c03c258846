import type { ParsedDocument } from '../../src/core/document.ts'

export function documentOf(text: string, mediaType = 'text/markdown'): ParsedDocument {
  return { title: 'Test', text, mediaType, pageOffsets: [], metadata: {} }
}

const words =
  'model vector search chunk index table query answer passage corpus distance cosine column partition migrate embed rank filter recall latency batch token worker review garden window yellow morning letter river'.split(
    ' ',
  )

/** Numbers from 0 to below 1, the same for the same seed. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

export function paragraphOf(random: () => number, sentences: number): string {
  return Array.from({ length: sentences }, () => {
    const length = 6 + Math.floor(random() * 14)
    const text = Array.from({ length }, () => words[Math.floor(random() * words.length)]).join(' ')
    return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`
  }).join(' ')
}
