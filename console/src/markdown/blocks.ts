import { type Line, type Span, spansOf } from './spans.ts'

/** A paragraph, heading, item of a list, code or table of a passage. */
export type Block =
  | { readonly kind: 'text' | 'head' | 'quote'; readonly spans: readonly Span[] }
  | { readonly kind: 'item'; readonly spans: readonly Span[]; readonly sign: string; readonly depth: number }
  | { readonly kind: 'code'; readonly spans: readonly Span[] }
  | { readonly kind: 'table'; readonly rows: readonly Row[] }

interface Row {
  readonly head: boolean
  readonly cells: readonly (readonly Span[])[]
}

const fence = /^ {0,3}(```+|~~~+)/
const heading = /^ {0,3}#{1,6}[ \t]+(.*?)[ \t]*#*[ \t]*$/
const item = /^([ \t]*)([-*+•]|\d{1,4}[.)])[ \t]+(?:\[[ xX]\][ \t]+)?/
const quoted = /^ {0,3}>[ \t]?/
const row = /^[ \t]*\|.*\|[ \t]*$/
const ruler = /^[ \t]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$/
/** Nothing but tags of HTML, as they lay out a README. */
const tags = /^[ \t]*(?:<\/?[a-z][^<>]*>[ \t]*)+$/i
const rule = /^ {0,3}(?:(?:-[ \t]*){3,}|(?:\*[ \t]*){3,}|(?:_[ \t]*){3,}|={3,})$/

/**
 * What a passage consists of, as far as reading it needs that: its marks are taken out, and every character knows where it
 * stood, so that a stretch of the source can be marked in what is shown. Whatever is not understood stays text. A library's
 * parser does not say where a character stood once the marks of quotes and lists are taken out.
 */
export function blocksOf(source: string): readonly Block[] {
  const lines = linesOf(source)
  const blocks: Block[] = []
  for (let place = 0; place < lines.length; ) {
    const line = lines[place]
    if (line === undefined) break
    if (line.text.trim() === '' || rule.test(line.text) || tags.test(line.text)) {
      place += 1
      continue
    }
    const [block, next] = blockAt(lines, place, line)
    if (textOf(block) !== '') blocks.push(block)
    place = next
  }
  return blocks
}

/** What is read in it, without its style. */
export function textOf(block: Block): string {
  const cells = block.kind === 'table' ? block.rows.flatMap((one) => one.cells) : [block.spans]
  return cells.map((spans) => spans.map((span) => span.text).join('')).join(' ')
}

function linesOf(source: string): readonly Line[] {
  const lines: Line[] = []
  let at = 0
  for (const text of source.split('\n')) {
    lines.push({ text: text.replace(/\r$/, ''), at })
    at += text.length + 1
  }
  return lines
}

function blockAt(lines: readonly Line[], place: number, line: Line): readonly [Block, number] {
  const opened = fence.exec(line.text)?.[1]
  if (opened !== undefined) return codeAt(lines, place, opened)
  const head = heading.exec(line.text)
  if (head !== null) {
    const words = cut(line, line.text.indexOf(head[1] ?? ''))
    return [{ kind: 'head', spans: spansOf([{ ...words, text: head[1] ?? '' }]) }, place + 1]
  }
  if (row.test(line.text)) {
    const end = lines.findIndex((one, at) => at > place && !row.test(one.text))
    const rows = lines.slice(place, end < 0 ? lines.length : end)
    return [tableOf(rows), place + rows.length]
  }
  const mark = item.exec(line.text)
  const quote = quoted.exec(line.text)
  const first = cut(line, (mark ?? quote)?.[0].length ?? 0)
  const end = lines.findIndex((one, at) => at > place && endsParagraph(one.text, quote !== null))
  const rest = lines.slice(place + 1, end < 0 ? lines.length : end)
  const spans = spansOf([first, ...rest.map((one) => cut(one, indentOf(one.text, quote !== null)))])
  const next = place + 1 + rest.length
  if (mark === null) return [{ kind: quote === null ? 'text' : 'quote', spans }, next]
  const [, indent = '', sign = ''] = mark
  const depth = Math.min(3, Math.floor(indent.replaceAll('\t', '    ').length / 2))
  return [{ kind: 'item', spans, depth, sign: /\d/.test(sign) ? sign.replace(')', '.') : '•' }, next]
}

const cut = ({ text, at }: Line, by: number): Line => ({ text: text.slice(by).trimEnd(), at: at + by })

function indentOf(text: string, inQuote: boolean): number {
  const mark = inQuote ? quoted.exec(text)?.[0].length : undefined
  return mark ?? text.length - text.trimStart().length
}

function endsParagraph(text: string, inQuote: boolean): boolean {
  if (text.trim() === '' || rule.test(text) || tags.test(text) || (inQuote && /^[ \t]*>[ \t]*$/.test(text)))
    return true
  return (
    fence.test(text) ||
    heading.test(text) ||
    item.test(text) ||
    row.test(text) ||
    (!inQuote && quoted.test(text))
  )
}

/** Until its fence is closed, or to the end: a chunk may end inside it. */
function codeAt(lines: readonly Line[], place: number, opened: string): readonly [Block, number] {
  const closes = (one: Line): boolean => one.text.trim().startsWith(opened) && /^[`~\s]+$/.test(one.text)
  const end = lines.findIndex((one, at) => at > place && closes(one))
  const inside = lines.slice(place + 1, end < 0 ? lines.length : end)
  const spans = inside.map((one, at) => ({
    text: at < inside.length - 1 ? `${one.text}\n` : one.text,
    at: one.at,
  }))
  return [{ kind: 'code', spans }, place + 1 + inside.length + (end < 0 ? 0 : 1)]
}

function tableOf(lines: readonly Line[]): Block {
  const headed = lines[1] !== undefined && ruler.test(lines[1].text)
  const rows = lines
    .filter((line) => !ruler.test(line.text))
    .map((line, at) => ({ head: headed && at === 0, cells: cellsOf(line) }))
  return { kind: 'table', rows }
}

function cellsOf(line: Line): readonly (readonly Span[])[] {
  const cells: (readonly Span[])[] = []
  // A bar that is escaped, or in code, is no border.
  for (const found of line.text.matchAll(/\|((?:\\.|`[^`]*`|[^|\\])*)(?=\|)/g)) {
    const text = found[1] ?? ''
    const lead = text.length - text.trimStart().length
    cells.push(spansOf([{ text: text.trim(), at: line.at + found.index + 1 + lead }]))
  }
  return cells
}
