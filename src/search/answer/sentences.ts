import { boundaries } from '../../splitting/segments.ts'

/** A stretch of a passage, half-open, in UTF-16 code units. */
export interface Sentence {
  readonly text: string
  readonly start: number
  readonly end: number
}

/** Blank lines, headings and items of lists end a sentence, whatever stands at their end. */
const breaks = /\n[ \t]*\n|\n(?=[ \t]*(?:[-*+•]|\d{1,3}[.)]|#{1,6}|\||>)[ \t])/g

/** The sentences of a passage, without white space around them. */
export function sentencesOf(passage: string): readonly Sentence[] {
  // The mark of a picture ends no sentence.
  const seen = passage.replaceAll('![', ' [')
  const cuts = [0]
  for (const found of passage.matchAll(breaks)) cuts.push(found.index)
  cuts.push(passage.length)
  return cuts.flatMap((start, i) => {
    const end = cuts[i + 1]
    if (end === undefined || end <= start) return []
    const inside = [start, ...boundaries(seen, { start, end }, 'sentence'), end]
    return inside.slice(0, -1).flatMap((from, at) => trimmed(passage, from, inside[at + 1] ?? end))
  })
}

function trimmed(passage: string, from: number, to: number): Sentence[] {
  const piece = passage.slice(from, to)
  const text = piece.trim()
  if (text === '') return []
  const start = from + piece.indexOf(text)
  return [{ text, start, end: start + text.length }]
}
