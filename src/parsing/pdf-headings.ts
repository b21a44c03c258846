import type { HeadingSpan } from '../core/document.ts'
import type { PageLine } from './pdf-lines.ts'

export interface HeadingLine {
  /** As in the document's text. */
  readonly text: string
  /** Points. */
  readonly size: number
}

/** A paragraph whose type is larger than the text by at least this factor is a heading. */
const larger = 1.15
const mostLines = 3
const longest = 200
const deepest = 6

/** The type size of a paragraph that is a heading, in points; null for any other. */
export function headingSize(lines: readonly PageLine[], text: string, bodySize: number): number | null {
  const size = Math.min(...lines.map((line) => line.size))
  const isHeading =
    size >= bodySize * larger && lines.length <= mostLines && text.length <= longest && /\p{L}/u.test(text)
  return isHeading ? size : null
}

/**
 * The larger the type, the higher the heading: the sizes of one document are ranked. Only whole paragraphs
 * count.
 */
export function placeHeadings(text: string, headings: readonly HeadingLine[]): HeadingSpan[] {
  const ranked = [...new Set(headings.map(rounded))].sort((a, b) => b - a)
  const spans: HeadingSpan[] = []
  let from = 0
  for (const heading of headings) {
    const start = paragraphAt(text, heading.text, from)
    if (start === -1) continue
    from = start + heading.text.length
    spans.push({ start, end: from, depth: Math.min(deepest, ranked.indexOf(rounded(heading)) + 1) })
  }
  return spans
}

/** The same style is not always exact to the hundredth of a point. */
function rounded({ size }: HeadingLine): number {
  return Math.round(size * 2) / 2
}

function paragraphAt(text: string, paragraph: string, from: number): number {
  if (paragraph === '') return -1
  for (let at = text.indexOf(paragraph, from); at !== -1; at = text.indexOf(paragraph, at + 1)) {
    const end = at + paragraph.length
    const begins = at === 0 || text.startsWith('\n\n', at - 2)
    const ends = end === text.length || text.startsWith('\n\n', end)
    if (begins && ends) return at
  }
  return -1
}
