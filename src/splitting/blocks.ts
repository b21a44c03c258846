import { type Line, linesOf } from './lines.ts'

/**
 * `prose` is cut between sentences, `list` between items, `rows` (tables, HTML) between lines, `code` at blank
 * lines; `code` and `rows` stay whole if they fit.
 */
export type BlockKind = 'heading' | 'prose' | 'list' | 'rows' | 'code'

/** A span of whole lines. There are only blank lines between blocks. */
export interface Block {
  readonly kind: BlockKind
  readonly start: number
  readonly end: number
  /** 1 to 6 for a heading, else 0. */
  readonly depth: number
}

/** Blocks of a text without markup: separated by blank lines. */
export function plainBlocks(text: string, kind: 'prose' | 'code'): Block[] {
  const blocks: Block[] = []
  let start = -1
  let end = 0
  for (const line of linesOf(text)) {
    if (!line.blank) {
      if (start === -1) start = line.start
      end = line.end
    } else if (start !== -1) {
      blocks.push({ kind, start, end, depth: 0 })
      start = -1
    }
  }
  if (start !== -1) blocks.push({ kind, start, end, depth: 0 })
  return blocks
}

type Form = 'paragraph' | 'quote' | 'html' | 'indented' | 'table' | 'list' | 'verbatim' | 'line'

interface OpenBlock {
  kind: BlockKind
  form: Form
  start: number
  end: number
  depth: number
  /** Column at which the content of a list's items begins. */
  contentIndent: number
  /** Inside a fence, raw HTML or a comment: recognises the line that ends it. */
  until: ((line: Line) => boolean) | null
}

const atxHeading = /^(#{1,6})(?:[ \t]|$)/
const setextLine = /^(?:=+|-+)[ \t]*$/
const ruleLine = /^(?:(?:-[ \t]*){3,}|(?:\*[ \t]*){3,}|(?:_[ \t]*){3,})$/
const fenceOpening = /^(`{3,})[^`]*$|^(~{3,})/
const listMarker = /^(?:[-+*]|(\d{1,9})[.)])(?=[ \t]|$)/
const tableRule = /^\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$/
const rawHtml = /^<(?:(script|pre|style|textarea)(?=[\s>]|$)|!--)/i
const htmlTag =
  /^<\/?(?:address|article|aside|blockquote|body|br|center|col|colgroup|dd|details|dialog|div|dl|dt|fieldset|figcaption|figure|footer|form|frame|h[1-6]|head|header|hr|html|iframe|img|legend|li|link|main|menu|nav|ol|optgroup|option|p|param|picture|section|source|summary|table|tbody|td|tfoot|th|thead|title|tr|ul)(?=[\s/>]|$)/i
/** A longer paragraph above a line of dashes is a paragraph and a rule: such headings do not occur. */
const longestSetextHeading = 300

/**
 * The top-level blocks of Markdown, in one pass over the lines: CommonMark with tables, as far as it matters
 * for where a text may be cut. Hand-written, because chunks need exact offsets and hostile input needs linear
 * time.
 */
export function markdownBlocks(text: string): Block[] {
  const blocks: Block[] = []
  let open: OpenBlock | null = null
  let afterBlank = true
  for (const line of linesOf(text)) {
    if (open?.until && !leavesList(open, line)) {
      if (!line.blank) open.end = line.end
      if (open.until(line)) {
        open.until = null
        if (open.form === 'verbatim') open.form = 'line'
      }
    } else if (line.blank) {
      if (open !== null && open.form !== 'list' && open.form !== 'indented') {
        blocks.push(blockOf(open))
        open = null
      }
    } else if (open !== null && continues(open, line, afterBlank)) {
      open.end = line.end
      if (open.form === 'list') readItem(open, line)
    } else {
      const turned: TurnedParagraph | null = open === null ? null : turnParagraph(text, open, line)
      if (turned !== null) {
        if (turned.before !== null) blocks.push(turned.before)
        open = turned.open
      } else {
        if (open !== null) blocks.push(blockOf(open))
        open = begin(line)
      }
    }
    afterBlank = line.blank
  }
  if (open !== null) blocks.push(blockOf(open))
  return blocks
}

function blockOf({ kind, start, end, depth }: OpenBlock): Block {
  return { kind, start, end, depth }
}

/** A line left of a list's content ends the list and a fence inside it. */
function leavesList(open: OpenBlock, line: Line): boolean {
  return open.form === 'list' && !line.blank && line.indent < open.contentIndent
}

/** Whether a line that isn't blank belongs to the open block. */
function continues(open: OpenBlock, line: Line, afterBlank: boolean): boolean {
  switch (open.form) {
    case 'list':
      if (line.indent >= open.contentIndent) return true
      if (listMarker.test(line.text) && line.indent < 4) return !ruleLine.test(line.text)
      return !afterBlank && !interrupts(line)
    case 'html':
      return true
    case 'indented':
      return line.indent >= 4
    case 'table':
      return !interrupts(line)
    case 'quote':
      return line.text.startsWith('>') || !interrupts(line)
    case 'paragraph':
      return !interrupts(line) && !setextLine.test(line.text) && !isTableRule(line)
    default:
      return false
  }
}

function readItem(open: OpenBlock, line: Line): void {
  const marker = listMarker.exec(line.text)
  if (marker !== null && line.indent < open.contentIndent) {
    open.contentIndent = line.indent + marker[0].length + 1
  }
  open.until = fenceEnd(marker === null ? line.text : line.text.slice(marker[0].length).trimStart())
}

interface TurnedParagraph {
  readonly before: Block | null
  readonly open: OpenBlock
}

/** A paragraph that the next line makes a heading, or whose last line is the head of a table. */
function turnParagraph(text: string, open: OpenBlock, line: Line): TurnedParagraph | null {
  if (open.form !== 'paragraph' || line.indent >= 4) return null
  if (setextLine.test(line.text) && open.end - open.start <= longestSetextHeading) {
    const depth = line.text.startsWith('=') ? 1 : 2
    return { before: null, open: { ...open, kind: 'heading', form: 'line', depth, end: line.end } }
  }
  const head = Math.max(open.start, text.lastIndexOf('\n', open.end - 2) + 1)
  if (!isTableRule(line) || !text.slice(head, open.end).includes('|')) {
    return interrupts(line) ? null : { before: null, open: { ...open, end: line.end } }
  }
  return {
    before: head > open.start ? { kind: 'prose', start: open.start, end: head, depth: 0 } : null,
    open: { ...open, kind: 'rows', form: 'table', start: head, end: line.end },
  }
}

function isTableRule(line: Line): boolean {
  return line.indent < 4 && line.text.includes('-') && line.text.includes('|') && tableRule.test(line.text)
}

/** Whether a line starts a block in the middle of a paragraph. */
function interrupts(line: Line): boolean {
  if (line.indent >= 4) return false
  const marker = listMarker.exec(line.text)
  return (
    // A number other than 1 in the middle of a paragraph is a sentence that wrapped there.
    (marker !== null && (marker[1] === undefined || marker[1] === '1')) ||
    atxHeading.test(line.text) ||
    (ruleLine.test(line.text) && !setextLine.test(line.text)) ||
    fenceOpening.test(line.text) ||
    line.text.startsWith('>') ||
    rawHtml.test(line.text) ||
    htmlTag.test(line.text)
  )
}

function begin(line: Line): OpenBlock {
  const block = { start: line.start, end: line.end, depth: 0, contentIndent: 0, until: null }
  if (line.indent >= 4) return { ...block, kind: 'code', form: 'indented' }
  const atx = atxHeading.exec(line.text)
  if (atx !== null) return { ...block, kind: 'heading', form: 'line', depth: atx[1]?.length ?? 1 }
  const fence = fenceEnd(line.text)
  if (fence !== null) return { ...block, kind: 'code', form: 'verbatim', until: fence }
  if (ruleLine.test(line.text)) return { ...block, kind: 'prose', form: 'line' }
  const raw = rawHtml.exec(line.text)
  if (raw !== null) {
    const ending = raw[1] === undefined ? '-->' : `</${raw[1].toLowerCase()}`
    const until = (next: Line): boolean => next.whole().toLowerCase().includes(ending)
    return until(line)
      ? { ...block, kind: 'rows', form: 'line' }
      : { ...block, kind: 'rows', form: 'verbatim', until }
  }
  if (htmlTag.test(line.text)) return { ...block, kind: 'rows', form: 'html' }
  if (line.text.startsWith('>')) return { ...block, kind: 'prose', form: 'quote' }
  if (listMarker.test(line.text)) {
    const list: OpenBlock = { ...block, kind: 'list', form: 'list', contentIndent: 100 }
    readItem(list, line)
    return list
  }
  return { ...block, kind: 'prose', form: 'paragraph' }
}

function fenceEnd(text: string): ((line: Line) => boolean) | null {
  const opening = fenceOpening.exec(text)
  const mark = opening?.[1] ?? opening?.[2]
  if (mark === undefined) return null
  const sign = mark.charAt(0)
  return (line) => {
    const trimmed = line.text.trimEnd()
    return trimmed.length >= mark.length && trimmed === sign.repeat(trimmed.length)
  }
}
