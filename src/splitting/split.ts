import { createHash } from 'node:crypto'
import type { ChunkLimits, ChunkText, ParsedDocument } from '../core/document.ts'
import { RevectorError } from '../core/errors.ts'
import { type Block, markdownBlocks, plainBlocks } from './blocks.ts'
import { headingTitle } from './headings.ts'
import { packSection, type Span } from './pack.ts'
import { blockPiece, type Measure, type Piece, ranks } from './pieces.ts'
import { estimateTokens } from './tokens.ts'

export interface SplitOptions extends ChunkLimits {
  /** Counts the tokens of a text. Default `estimateTokens`. Must be deterministic. */
  readonly countTokens?: (text: string) => number
}

/**
 * Fits the window of all-MiniLM-L6-v2 (256, with an estimate that errs high), the smallest of the usual models,
 * and is the size at which single passages are found best.
 */
export const defaultMaxTokens = 256
const smallestLimit = 16
const widestIndentation = 32
/** No longer text has more characters per token than this: it needs no counting to be cut. */
const mostUnitsPerToken = 16
/** Spans are counted one by one up to this length, and a position times this is still a safe integer. */
const widestSpan = 2 ** 26
const mostCounted = 50_000

const markdownTypes = new Set([
  'text/markdown',
  'text/html',
  'application/xhtml+xml',
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
])
const proseTypes = new Set(['text/plain', 'application/pdf', 'text/x-rst', 'text/asciidoc', 'text/x-org'])

/**
 * Splits a document into chunks, in order. They follow its structure: a heading begins a chunk and stays with
 * the text below it; paragraphs, lists, tables and code blocks stay whole if they fit; a longer paragraph is
 * cut between sentences, a longer sentence between words, a longer word between graphemes. Without overlap the
 * chunks contain every character that is not white space exactly once. A chunk never has more than `maxTokens`,
 * unless a single character does. The same text and options give the same chunks; an edit changes the chunks
 * around it and leaves the others as they were.
 *
 * @throws RevectorError INVALID_INPUT for limits out of range
 */
export function splitDocument(parsed: ParsedDocument, options: SplitOptions = {}): ChunkText[] {
  const maxTokens = options.maxTokens ?? defaultMaxTokens
  const overlapTokens = options.overlapTokens ?? 0
  checkLimits(maxTokens, overlapTokens)
  const countTokens = options.countTokens ?? estimateTokens
  const { text } = parsed
  // A paragraph that becomes a chunk is counted as a piece, as a candidate and as a chunk.
  const counted = new Map<number, number>()
  const tokensOf = (start: number, end: number): number => {
    const key = start * widestSpan + (end - start)
    const known = counted.get(key)
    if (known !== undefined) return known
    const tokens = countTokens(text.slice(start, end))
    // What was counted long ago is far behind in the text.
    if (counted.size >= mostCounted) counted.clear()
    counted.set(key, tokens)
    return tokens
  }
  const count = (start: number, end: number): number => {
    const span = trimmed(text, start, end)
    return tokensOf(span.start, span.end)
  }
  const measure: Measure = (start, end) => {
    if (end - start > maxTokens * mostUnitsPerToken) {
      return { tokens: Math.ceil((end - start) / 4), oversize: true }
    }
    const span = trimmed(text, start, end)
    if (span.end <= span.start) return { tokens: 0, oversize: false }
    // Spaces before a word belong to it; a line feed before a paragraph does not.
    const from = text.slice(start, span.start).includes('\n') ? span.start : start
    const tokens = tokensOf(from, span.end)
    // A line feed before or after it counts once the piece is among others.
    const feeds = text.slice(start, span.start).includes('\n') || text.slice(span.end, end).includes('\n')
    return { tokens: tokens < maxTokens && feeds ? tokens + 1 : tokens, oversize: tokens > maxTokens }
  }

  const chunks: ChunkText[] = []
  const pageAt = pageFinder(parsed.pageOffsets)
  for (const section of sectionsOf(text, blocksOf(parsed), measure)) {
    const limits = { maxTokens, overlapTokens }
    for (const packed of packSection(section.pieces, { text, limits, measure, count })) {
      const { start, end } = trimmed(text, packed.start, packed.end)
      if (end <= start) continue
      const content = text.slice(start, end)
      chunks.push({
        position: chunks.length,
        content,
        startOffset: start,
        endOffset: end,
        headingPath: section.path,
        page: pageAt(start),
        tokenCount: tokensOf(start, end),
        contentHash: createHash('sha256').update(content, 'utf8').digest('hex'),
      })
    }
  }
  return chunks
}

function checkLimits(maxTokens: number, overlapTokens: number): void {
  if (!Number.isInteger(maxTokens) || maxTokens < smallestLimit) {
    throw new RevectorError(
      'INVALID_INPUT',
      `The chunk size must be a whole number of tokens, ${smallestLimit} or more, got ${maxTokens}.`,
      { hint: 'Sizes from 128 to 512 suit most models.', data: { maxTokens } },
    )
  }
  if (!Number.isInteger(overlapTokens) || overlapTokens < 0 || overlapTokens * 2 >= maxTokens) {
    throw new RevectorError(
      'INVALID_INPUT',
      `The overlap must be a whole number of tokens from 0 to less than half of the chunk size (${maxTokens}), got ${overlapTokens}.`,
      { hint: 'Leave it at 0, or use about a tenth of the chunk size.', data: { overlapTokens, maxTokens } },
    )
  }
}

function blocksOf({ text, mediaType, headings = [] }: ParsedDocument): Block[] {
  if (markdownTypes.has(mediaType)) return markdownBlocks(text)
  const blocks = plainBlocks(text, proseTypes.has(mediaType) ? 'prose' : 'code')
  if (headings.length === 0) return blocks
  const depths = new Map(headings.map(({ start, end, depth }) => [`${start} ${end}`, depth]))
  return blocks.map((block) => {
    const { start, end } = trimmed(text, block.start, block.end)
    const depth = depths.get(`${start} ${end}`)
    return depth === undefined ? block : { ...block, kind: 'heading', depth }
  })
}

interface Section {
  readonly path: readonly string[]
  readonly pieces: readonly Piece[]
}

/** A heading, or several with nothing between them, and the text up to the next one. */
function sectionsOf(text: string, blocks: readonly Block[], measure: Measure): Section[] {
  const sections: Section[] = []
  const above: { depth: number; title: string }[] = []
  let pieces: Piece[] = []
  let path: readonly string[] = []
  let last: Block | null = null
  for (const block of blocks) {
    if (block.kind === 'heading') {
      if (last !== null && last.kind !== 'heading') {
        sections.push({ path, pieces })
        pieces = []
      }
      while ((above.at(-1)?.depth ?? 0) >= block.depth) above.pop()
      const title = headingTitle(text.slice(block.start, Math.min(block.end, block.start + 1000)))
      if (title !== '') above.push({ depth: block.depth, title })
      path = above.map((heading) => heading.title)
    }
    pieces.push(blockPiece(block, pieces.length === 0 ? ranks.block : rankBetween(text, last), measure))
    last = block
  }
  if (pieces.length > 0) sections.push({ path, pieces })
  return sections
}

function rankBetween(text: string, before: Block | null): number {
  if (before?.kind === 'heading') return ranks.afterHeading
  if (
    before?.kind === 'prose' &&
    /[:：]\s*$/.test(text.slice(Math.max(before.start, before.end - 8), before.end))
  ) {
    return ranks.announced
  }
  return ranks.block
}

/** Without surrounding white space, but with the indentation of its first line if the span has all of it. */
function trimmed(text: string, start: number, end: number): Span {
  const slice = text.slice(start, end)
  const first = start + slice.length - slice.trimStart().length
  const last = start + slice.trimEnd().length
  const feed = slice.lastIndexOf('\n', first - start - 1)
  const lineStart = feed === -1 ? start : start + feed + 1
  const whole = feed !== -1 || start === 0 || text.charAt(start - 1) === '\n'
  const keep = whole && first - lineStart <= widestIndentation
  return { start: keep && first < last ? lineStart : first, end: last }
}

function pageFinder(pageOffsets: readonly number[]): (offset: number) => number | null {
  let page = 0
  return (offset) => {
    if (pageOffsets.length === 0) return null
    while (page + 1 < pageOffsets.length && (pageOffsets[page + 1] ?? 0) <= offset) page++
    return page + 1
  }
}
