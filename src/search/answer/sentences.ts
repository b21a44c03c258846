import { boundaries } from '../../splitting/segments.ts'

/** A part of a passage, half-open, in UTF-16 code units. */
export interface Sentence {
  readonly text: string
  readonly start: number
  readonly end: number
}

/** Blank lines, headings and list items end a sentence, whatever punctuation they end with. */
const breaks = /\n[ \t]*\n|\n(?=[ \t]*(?:[-*+•]|\d{1,3}[.)]|#{1,6}|\||>)[ \t])/g

/**
 * Dots in code end no sentence; a sentence may begin with code, as with a name. The mark of a picture ends
 * none.
 */
const inlineCode = /(?<!`)`[^`\n]+`(?!`)/g
const abbreviation = /(?:\b(?:e\.g|i\.e|etc|cf|vs)\.|[^.!?…\s])\s*$/i

function asName(code: string, offset: number, whole: string): string {
  return (abbreviation.test(whole.slice(Math.max(0, offset - 8), offset)) ? 'x' : 'X').repeat(code.length)
}

/** The sentences of a passage, without white space around them. */
export function sentencesOf(passage: string): readonly Sentence[] {
  const cuts = [0, ...[...passage.matchAll(breaks)].map(({ index }) => index), passage.length]
  return cuts.slice(1).flatMap((end, i) => sentencesIn(passage, { start: cuts[i] ?? end, end }))
}

/** Those of one paragraph; offsets refer to the whole passage. */
export function sentencesIn(
  passage: string,
  { start, end }: { readonly start: number; readonly end: number },
): readonly Sentence[] {
  if (end <= start) return []
  const seen = passage
    .slice(start, end)
    .replaceAll('![', ' [')
    .replace(/\n[ \t]*>/g, (mark) => ' '.repeat(mark.length))
    .replace(inlineCode, asName)
  const inside = boundaries(seen, { start: 0, end: seen.length }, 'sentence')
  return [...inside, seen.length].flatMap((to, i) =>
    trimmed(passage, start + (inside[i - 1] ?? 0), start + to),
  )
}

function trimmed(passage: string, from: number, to: number): Sentence[] {
  const piece = passage.slice(from, to)
  const text = piece.trim()
  if (text === '') return []
  const start = from + piece.indexOf(text)
  return [{ text, start, end: start + text.length }]
}
