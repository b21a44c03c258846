import { estimateTokens } from '../../splitting/tokens.ts'
import type { FoundChunk } from '../../store/nearest.ts'
import { sentencesOf } from './sentences.ts'
import { wordsOf } from './words.ts'

/** A chunk that an answer may be made of. */
export interface Passage {
  readonly chunk: FoundChunk
  /** What is given of the chunk: all of it, or its beginning where the room was less. */
  readonly text: string
  readonly words: ReadonlySet<string>
  readonly tokens: number
}

/** Tokens that the tags and the title of a passage take. */
const wrapping = 40
/** Of the shorter one's words, so many in the longer one too: the same text twice. */
const duplicate = 0.9
const fewestWords = 8

/**
 * The best chunks that say different things and fit into the room together, best first. A chunk for which the room is too
 * small is passed over for a smaller one; when even the first is too long, its beginning is taken.
 */
export function choosePassages(
  chunks: readonly FoundChunk[],
  { most, tokens }: { readonly most: number; readonly tokens: number },
): readonly Passage[] {
  const chosen: Passage[] = []
  let room = tokens
  for (const chunk of chunks) {
    if (chosen.length === most) break
    const words = wordsOf(chunk.content)
    if (words.size === 0 || chosen.some((other) => sameText(words, other.words))) continue
    const passage = fitted(chunk, words, chosen.length === 0 ? room : Number.NEGATIVE_INFINITY)
    if (passage.tokens > room) continue
    chosen.push(passage)
    room -= passage.tokens
  }
  return chosen
}

function sameText(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  const [small, large] = a.size < b.size ? [a, b] : [b, a]
  if (small.size < fewestWords)
    return small.size === large.size && [...small].every((word) => large.has(word))
  let both = 0
  for (const word of small) if (large.has(word)) both += 1
  return both / small.size >= duplicate
}

function fitted(chunk: FoundChunk, words: ReadonlySet<string>, room: number): Passage {
  const tokens = estimateTokens(chunk.content) + wrapping
  if (room === Number.NEGATIVE_INFINITY || tokens <= room)
    return { chunk, text: chunk.content, words, tokens }
  let end = 0
  for (const sentence of sentencesOf(chunk.content)) {
    if (estimateTokens(chunk.content.slice(0, sentence.end)) + wrapping > room) break
    end = sentence.end
  }
  const text = chunk.content.slice(0, end)
  return end === 0
    ? { chunk, text: chunk.content, words, tokens }
    : { chunk, text, words: wordsOf(text), tokens: estimateTokens(text) + wrapping }
}
