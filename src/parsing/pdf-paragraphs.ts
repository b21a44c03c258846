import type { HeadingSpan } from '../core/document.ts'
import { normalizeText } from './normalize.ts'
import { type HeadingLine, headingSize, placeHeadings } from './pdf-headings.ts'
import type { PageLine } from './pdf-lines.ts'

export interface ComposedPages {
  readonly text: string
  /** Where each page begins in `text`. */
  readonly pageOffsets: readonly number[]
  readonly headings: readonly HeadingSpan[]
  /** The line of the first page with the largest type, if it is larger than the text: the visible title. */
  readonly largestLine: string | null
}

/**
 * Lines of pages as paragraphs: joins wrapped lines, rejoins words that were hyphenated at a line end, removes
 * lines that occur on most pages (headers, footers, page numbers).
 */
export function composePages(pages: readonly (readonly PageLine[])[]): ComposedPages {
  const size = bodySize(pages.flat())
  const words = wordsOf(pages)
  const kept = withoutRepeated(pages, size)
  let text = ''
  const pageOffsets: number[] = []
  const headings: HeadingLine[] = []
  for (const lines of kept) {
    const paragraphs = paragraphsOf(lines).map((paragraph) => {
      const joined = joinLines(paragraph, words)
      const large = headingSize(paragraph, joined, size)
      if (large !== null) headings.push({ text: normalizeText(joined), size: large })
      return joined
    })
    const page = normalizeText(paragraphs.join('\n\n'))
    if (text !== '' && page !== '') text += continues(text, page) ? '\n' : '\n\n'
    pageOffsets.push(text.length)
    text += page
  }
  return {
    text,
    pageOffsets,
    headings: placeHeadings(text, headings),
    largestLine: largestLine(kept[0] ?? [], size),
  }
}

/** The size that most letters have, in points: half of them are in lines that are no larger. */
function bodySize(lines: readonly PageLine[]): number {
  const half = lines.reduce((letters, line) => letters + line.text.length, 0) / 2
  let letters = 0
  for (const { size, text } of [...lines].sort((a, b) => a.size - b.size)) {
    letters += text.length
    if (letters >= half) return size
  }
  return 10
}

function median(values: readonly number[]): number | undefined {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]
}

/** With fewer pages than this, a header can't be told from a first line. */
const fewestPages = 3
const longestHeader = 120
const mostHeaderLines = 3

/** Without headers and footers: separate lines at a page's edge that are at the same place on most pages. */
function withoutRepeated(pages: readonly (readonly PageLine[])[], size: number): PageLine[][] {
  const edges = pages.map((lines) => edgeLines(lines).filter((line) => isSmall(line, size)))
  const seen = new Map<string, number>()
  for (const lines of edges) {
    for (const key of new Set(lines.map(placeOf))) seen.set(key, (seen.get(key) ?? 0) + 1)
  }
  const enough = Math.max(fewestPages, pages.length * 0.5)
  return pages.map((lines, page) => {
    const repeated = new Set(edges[page]?.filter((line) => (seen.get(placeOf(line)) ?? 0) >= enough))
    return lines.filter((line) => !repeated.has(line))
  })
}

function isSmall(line: PageLine, size: number): boolean {
  return line.text.length <= longestHeader && line.size <= size * 1.05
}

/** The text of a line without its numbers, and its position. */
function placeOf(line: PageLine): string {
  return `${Math.round(line.y / 6)} ${line.text.replace(/\d+/g, '#').toLowerCase()}`
}

function edgeLines(lines: readonly PageLine[]): PageLine[] {
  const fromTop = [...lines].sort((a, b) => b.y - a.y)
  return [...apart(fromTop), ...apart(fromTop.reverse())]
}

/** The first lines, if a gap separates them from the next. */
function apart(lines: readonly PageLine[]): readonly PageLine[] {
  for (let count = 1; count <= mostHeaderLines; count++) {
    const last = lines[count - 1]
    const next = lines[count]
    if (last === undefined || next === undefined) return []
    if (Math.abs(last.y - next.y) > Math.max(last.size, next.size) * 1.6) return lines.slice(0, count)
  }
  return []
}

/** Lines that belong together: one below the other at the usual distance, in one size. */
function paragraphsOf(lines: readonly PageLine[]): PageLine[][] {
  const gaps: number[] = []
  for (const [index, line] of lines.entries()) {
    const gap = (lines[index - 1]?.y ?? 0) - line.y
    if (index > 0 && gap > 0 && gap < line.size * 3) gaps.push(gap)
  }
  const usual = median(gaps) ?? 0
  const paragraphs: PageLine[][] = []
  let current: PageLine[] = []
  for (const line of lines) {
    const before = current.at(-1)
    const first = current[0]
    if (before !== undefined && first !== undefined && !follows(before, line, { usual, left: first.left })) {
      paragraphs.push(current)
      current = []
    }
    current.push(line)
  }
  if (current.length > 0) paragraphs.push(current)
  return paragraphs
}

function follows(before: PageLine, line: PageLine, block: { usual: number; left: number }): boolean {
  const gap = before.y - line.y
  if (gap <= 0) {
    // The top of the next column, perhaps in the middle of a sentence.
    return gap < -line.size && /^\p{Ll}/u.test(line.text) && !endsSentence(before.text)
  }
  const sameSize = Math.abs(before.size - line.size) <= Math.max(before.size, line.size) * 0.12
  const near = gap <= Math.max(block.usual * 1.3, line.size * 1.2)
  const indented = line.left > before.left + line.size * 0.9 && endsSentence(before.text)
  return sameSize && near && !indented
}

function endsSentence(text: string): boolean {
  return /[.!?:;。!?]["'”’)\]]*$/u.test(text)
}

const bullet = /^(?:[•◦▪‣●○■–—*-]|\(?\d{1,3}[.)]|\(?[a-z][.)])\s/

function joinLines(lines: readonly PageLine[], words: ReadonlySet<string>): string {
  const left = Math.min(...lines.map((line) => line.left))
  const right = Math.max(...lines.map((line) => line.right))
  let text = ''
  for (const [index, line] of lines.entries()) {
    const before = lines[index - 1]
    if (before === undefined) {
      text = line.text
      continue
    }
    const full = before.right >= right - (right - left) * 0.2
    if (bullet.test(line.text) || !full) text += `\n${line.text}`
    else text = joinWords(text, line.text, words)
  }
  return text
}

const brokenWord = /(\p{L}{2,})[-\u2010\u00ad]$/u
const wordStart = /^\p{Ll}+/u
const spaceless = /[\u3000-\u30ff\u3400-\u9fff\uf900-\ufaff\uff00-\uff60]/

function joinWords(text: string, next: string, words: ReadonlySet<string>): string {
  const head = brokenWord.exec(text.slice(-60))?.[1]
  const tail = wordStart.exec(next)?.[0]
  if (head !== undefined && tail !== undefined) {
    // A hyphen of the author looks the same; the rest of the document shows which of the two words exists.
    const whole = words.has((head + tail).toLowerCase())
    const hyphened = words.has(`${head}-${tail}`.toLowerCase())
    return !whole && hyphened ? `${text}${next}` : `${text.slice(0, -1)}${next}`
  }
  const close = spaceless.test(text.at(-1) ?? '') && spaceless.test(next.charAt(0))
  return close ? `${text}${next}` : `${text} ${next}`
}

/** The words inside lines, where none is hyphenated. */
function wordsOf(pages: readonly (readonly PageLine[])[]): Set<string> {
  const words = new Set<string>()
  for (const lines of pages) {
    for (const { text } of lines) {
      for (const [word] of text.matchAll(/\p{L}+(?:-\p{L}+)*/gu)) words.add(word.toLowerCase())
    }
  }
  return words
}

/** Whether a page begins in the middle of the sentence that ended the previous one. */
function continues(text: string, page: string): boolean {
  return /^\p{Ll}/u.test(page) && !endsSentence(text.slice(-20))
}

function largestLine(lines: readonly PageLine[], size: number): string | null {
  let best: PageLine | null = null
  for (const line of lines) {
    if (line.size > size * 1.15 && line.size > (best?.size ?? 0) && line.text.length <= 150) best = line
  }
  return best?.text ?? null
}
