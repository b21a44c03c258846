import type { Citation } from '../../wire/answer.ts'
import type { Passage } from './passages.ts'
import { type Sentence, sentencesOf } from './sentences.ts'
import { type Rarity, shared, weightOf, wordsOf } from './words.ts'

/** The citation of a part of a passage. */
export function citationOf(
  passage: Passage,
  sentence: Pick<Sentence, 'start' | 'end'>,
  marker: number,
): Citation {
  const { chunk } = passage
  const at = (offset: number): number | null =>
    chunk.startOffset === null ? null : chunk.startOffset + offset
  return {
    marker,
    chunkId: chunk.chunkId,
    documentId: chunk.documentId,
    title: chunk.title,
    source: chunk.source,
    headingPath: chunk.headingPath,
    page: chunk.page,
    startOffset: at(sentence.start),
    endOffset: at(sentence.end),
    quote: chunk.content.slice(sentence.start, sentence.end),
  }
}

/**
 * The sentence of the passage that shares most with a statement; if they share nothing (another language, a
 * paraphrase), the whole passage as given.
 */
export function sentenceFor(
  passage: Passage,
  statement: string,
  rarity: Rarity,
): Pick<Sentence, 'start' | 'end'> {
  const said = wordsOf(statement)
  let best: { readonly sentence: Sentence; readonly weight: number } | undefined
  for (const sentence of sentencesOf(passage.text)) {
    const weight = weightOf(shared(wordsOf(sentence.text), said), rarity)
    if (weight > (best?.weight ?? 0)) best = { sentence, weight }
  }
  return best?.sentence ?? { start: 0, end: passage.text.length }
}
