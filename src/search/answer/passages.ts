import type { Hit } from '../../wire/search.ts'
import { asAttribute } from './neutral.ts'
import { sentencesOf } from './sentences.ts'
import { wordsOf } from './words.ts'

/** The facts about a chunk that was found. */
export type Found = Pick<
  Hit,
  'chunkId' | 'documentId' | 'title' | 'content' | 'source' | 'headingPath' | 'page' | 'startOffset'
>

/** A chunk that may be used in an answer. */
export interface Passage<Chunk extends Found = Found> {
  readonly chunk: Chunk
  /** The text of the chunk: all of it, or its beginning if there was less room. */
  readonly text: string
  readonly words: ReadonlySet<string>
  readonly tokens: number
}

/** Tokens of the tags of a passage. */
const wrapping = 40
const longestPlace = 300
/** If a better chunk has this share of a chunk's words, the chunk says nothing else. */
const duplicate = 0.9
const fewestWords = 8
/** Characters; a shorter part of a chunk is not worth giving. */
const shortestBeginning = 80

/** Where a chunk is, for the language model: the title and the headings above. */
export function placeOf({ title, headingPath }: Found): string {
  const steps = [title, ...headingPath].map(asAttribute).filter((step) => step !== '')
  return [...new Set(steps)]
    .join(' › ')
    .slice(0, longestPlace)
    .replace(/[\ud800-\udbff]$/, '')
}

/**
 * The best chunks that say different things and fit into the room together, best first. A chunk that is too
 * large is skipped for a smaller one; if even the first is too long, its beginning is used.
 */
export function choosePassages<Chunk extends Found>(
  chunks: readonly Chunk[],
  {
    most,
    tokens: room,
    tokensOf,
  }: { readonly most: number; readonly tokens: number; readonly tokensOf: (text: string) => number },
): readonly Passage<Chunk>[] {
  const chosen: Passage<Chunk>[] = []
  let left = room
  for (const chunk of chunks) {
    if (chosen.length === most) break
    const words = wordsOf(chunk.content)
    if (words.size === 0 || chosen.some((other) => saysNothingElse(words, other.words))) continue
    const around = wrapping + tokensOf(placeOf(chunk))
    const tokens = tokensOf(chunk.content) + around
    if (tokens <= left) {
      chosen.push({ chunk, text: chunk.content, words, tokens })
      left -= tokens
    } else if (chosen.length === 0) {
      const text = beginningOf(chunk.content, (part) => tokensOf(part) + around <= left)
      if (text === '') continue
      chosen.push({ chunk, text, words: wordsOf(text), tokens: left })
      left = 0
    }
  }
  return chosen
}

/** A different number makes it a different text, however many words are the same. */
function saysNothingElse(words: ReadonlySet<string>, better: ReadonlySet<string>): boolean {
  const own = [...words].filter((word) => !better.has(word))
  if (words.size < fewestWords) return own.length === 0 && words.size === better.size
  return own.length <= (1 - duplicate) * words.size && !own.some((word) => /\p{N}/u.test(word))
}

/**
 * As many whole sentences as fit; of a sentence that does not fit alone, as many words. Empty: too little fits.
 */
function beginningOf(content: string, fits: (part: string) => boolean): string {
  let end = 0
  for (const sentence of sentencesOf(content)) {
    if (!fits(content.slice(0, sentence.end))) break
    end = sentence.end
  }
  if (end > 0) return content.slice(0, end)
  end = content.length
  while (end >= shortestBeginning && !fits(content.slice(0, end))) end = Math.floor(end * 0.9)
  if (end < shortestBeginning) return ''
  const part = content.slice(0, end).replace(/[\ud800-\udbff]$/, '')
  const space = part.search(/\s\S*$/)
  return space < shortestBeginning ? part : part.slice(0, space)
}
