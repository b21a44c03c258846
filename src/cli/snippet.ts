/**
 * The part of a passage, about `length` characters, with most words of the query. Begins at a word; `…` marks
 * omissions. The passage must be on one line.
 */
export function snippet(passage: string, query: string, length: number): string {
  if (passage.length <= length) return passage
  const words = new Set(wordsOf(query).map(({ word }) => word))
  const found = wordsOf(passage).filter(({ word }) => words.has(word))
  let best = { from: 0, words: 0 }
  for (const { at } of found) {
    const inside = found.filter((other) => other.at >= at && other.at < at + length * 0.8)
    const distinct = new Set(inside.map(({ word }) => word)).size
    if (distinct > best.words) best = { from: at, words: distinct }
  }
  const from = beginningOfSentence(passage, best.from, length)
  const end = from + length >= passage.length ? passage.length : passage.lastIndexOf(' ', from + length)
  const text = passage.slice(from, end > from ? end : from + length)
  return `${from > 0 ? '…' : ''}${text}${end < passage.length ? '…' : ''}`
}

function wordsOf(text: string): readonly { readonly word: string; readonly at: number }[] {
  return [...text.matchAll(/[\p{L}\p{N}]{3,}/gu)].map((match) => ({
    // "closing" and "closed" are close enough to "close" to show why a passage was found.
    word: match[0].toLowerCase().slice(0, 5),
    at: match.index,
  }))
}

/** A little before the match: the start of the sentence if it is near, else of a word. */
function beginningOfSentence(passage: string, at: number, length: number): number {
  const reach = Math.floor(length * 0.2)
  if (at <= reach) return 0
  const before = passage.slice(at - reach, at)
  const sentence = before.search(/(?<=[.!?:] )[^.!?:]*$/)
  if (sentence !== -1) return at - reach + sentence
  const word = before.indexOf(' ')
  return word === -1 ? at : at - reach + word + 1
}
