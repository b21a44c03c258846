import type { Block, BlockKind } from './blocks.ts'
import { linesOf } from './lines.ts'
import { beginsGrapheme, boundaries } from './segments.ts'

/** A span that goes into a chunk whole, or is cut into smaller ones if necessary. */
export interface Piece {
  readonly start: number
  readonly end: number
  readonly kind: BlockKind
  /** Quality of a cut before this piece; higher is better. */
  readonly rank: number
  /** The next finer cut to try, an index into the ladder of its kind. */
  readonly step: number
  /** Tokens of its text; an estimate if `oversize`. */
  readonly tokens: number
  /** Larger than a chunk may be. */
  readonly oversize: boolean
}

type Cut = 'item' | 'nested' | 'group' | 'line' | 'sentence' | 'space' | 'word' | 'grapheme'

/** Cuts from coarse to fine, for each kind of block. */
const ladders: Readonly<Record<BlockKind, readonly Cut[]>> = {
  heading: ['space', 'word', 'grapheme'],
  prose: ['sentence', 'line', 'space', 'word', 'grapheme'],
  list: ['item', 'nested', 'sentence', 'line', 'space', 'word', 'grapheme'],
  rows: ['line', 'space', 'word', 'grapheme'],
  code: ['group', 'line', 'space', 'word', 'grapheme'],
}

export const ranks = {
  block: 60,
  /** After a paragraph that ends with a colon: what it introduces should stay with it. */
  announced: 35,
  /** Between a heading and its text: the last resort. */
  afterHeading: 0,
} as const

const cutRanks: Readonly<Record<Cut, number>> = {
  item: 50,
  group: 50,
  nested: 40,
  sentence: 30,
  line: 25,
  space: 10,
  word: 8,
  grapheme: 5,
}
/** A cut between words is better after a clause than inside one. */
const clauseRank = 15
const clauseEnd = /[,;:.!?、。,;:!?।؟،]$/u

/** Tokens of a span; an estimate with `oversize` if it exceeds a chunk. */
export type Measure = (start: number, end: number) => { tokens: number; oversize: boolean }

export function blockPiece(block: Block, rank: number, measure: Measure): Piece {
  const { kind, start, end } = block
  return { kind, start, end, rank, step: 0, ...measure(start, end) }
}

export interface Cutting {
  readonly measure: Measure
  /** Length of a run of graphemes, if nothing else separates them. */
  readonly run: number
  /** Whether words and graphemes may be cut too: only for what doesn't fit otherwise. */
  readonly anywhere: boolean
}

/** The piece as smaller ones, in order and without gaps; itself alone if it can't be cut. */
export function cutPiece(text: string, piece: Piece, context: Cutting): Piece[] {
  const ladder = ladders[piece.kind]
  for (let step = piece.step; step < ladder.length; step++) {
    const cut = ladder[step] ?? 'grapheme'
    if (!context.anywhere && (cut === 'word' || cut === 'grapheme')) break
    const offsets = offsetsOf(text, piece, cut, context.run)
    if (offsets.length === 0) continue
    const starts = [piece.start, ...offsets]
    return starts.map((start, index) => {
      const end = starts[index + 1] ?? piece.end
      return {
        kind: piece.kind,
        start,
        end,
        rank: index === 0 ? piece.rank : rankAt(text, start, cut),
        step: cut === 'grapheme' ? step : step + 1,
        ...context.measure(start, end),
      }
    })
  }
  return [piece]
}

function rankAt(text: string, offset: number, cut: Cut): number {
  if (cut !== 'space' && cut !== 'word') return cutRanks[cut]
  return clauseEnd.test(text.slice(Math.max(0, offset - 4), offset).trimEnd()) ? clauseRank : cutRanks[cut]
}

function offsetsOf(text: string, piece: Piece, cut: Cut, run: number): number[] {
  switch (cut) {
    case 'sentence':
    case 'word':
      return boundaries(text, piece, cut)
    case 'space':
      return wordStarts(text, piece)
    case 'grapheme':
      return graphemeRuns(text, piece, run)
    default:
      return lineStarts(text, piece, cut)
  }
}

const itemMarker = /^(?:[-+*]|\d{1,9}[.)])(?=[ \t]|$)/

function lineStarts(
  text: string,
  { start, end }: Piece,
  cut: 'item' | 'nested' | 'group' | 'line',
): number[] {
  const offsets: number[] = []
  let topIndent = -1
  let afterBlank = false
  for (const line of linesOf(text, start, end)) {
    if (topIndent === -1 && !line.blank) topIndent = line.indent
    const isItem = itemMarker.test(line.text)
    const here =
      cut === 'line' ||
      (cut === 'item' && isItem && line.indent <= topIndent) ||
      (cut === 'nested' && (isItem || afterBlank)) ||
      (cut === 'group' && afterBlank)
    if (here && !line.blank && line.start > start) offsets.push(line.start)
    afterBlank = line.blank
  }
  return offsets
}

/** Cuts before white space: it belongs to the word after it, as in vocabularies. */
function wordStarts(text: string, { start, end }: Piece): number[] {
  const offsets: number[] = []
  for (const { index } of text.slice(start, end).matchAll(/\s+/g)) {
    if (index > 0 && beginsGrapheme(text, start + index)) offsets.push(start + index)
  }
  return offsets
}

/**
 * Runs of whole graphemes of about `run` code units, shorter in a shorter piece, so that repeated cutting
 * arrives at single graphemes, and for a grapheme that is itself too large at code points.
 */
function graphemeRuns(text: string, { start, end }: Piece, run: number): number[] {
  const graphemes = boundaries(text, { start, end }, 'grapheme')
  if (graphemes.length === 0) return codePoints(text, start, end)
  const length = Math.min(run, Math.floor((end - start) / 2))
  const offsets: number[] = []
  let last = start
  for (const offset of graphemes) {
    if (offset - last < length) continue
    offsets.push(offset)
    last = offset
  }
  return offsets.length > 0 ? offsets : graphemes
}

function codePoints(text: string, start: number, end: number): number[] {
  const offsets: number[] = []
  for (let index = start + 1; index < end; index++) {
    if (!isLowSurrogate(text, index)) offsets.push(index)
  }
  return offsets
}

function isLowSurrogate(text: string, index: number): boolean {
  const unit = text.charCodeAt(index)
  const before = text.charCodeAt(index - 1)
  return unit >= 0xdc00 && unit <= 0xdfff && before >= 0xd800 && before <= 0xdbff
}
