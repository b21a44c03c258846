import { cutPiece, type Measure, type Piece, ranks } from './pieces.ts'

export interface PackLimits {
  readonly maxTokens: number
  readonly overlapTokens: number
}

export interface Span {
  readonly start: number
  readonly end: number
}

interface Packing {
  readonly text: string
  readonly limits: PackLimits
  readonly measure: Measure
  /** Exact number of tokens of a chunk with this span. */
  readonly count: (start: number, end: number) => number
}

/** Below this share of the limit a chunk continues rather than ends, even by cutting the next paragraph. */
const smallShare = 0.25
/** A chunk that can't take all the rest ends above this share of the limit. */
const earliestShare = 0.5
/** The last chunk of a section should keep at least this share of the limit. */
const tailShare = 0.2
/** If the tokens of the joined pieces are below this share of their sum, there is room for more. */
const recountShare = 0.8

/**
 * Packs the pieces of one section into chunks. If there is a choice, a chunk ends at the best cut between half
 * and all of the limit; among equals, the hash of the text after the cut decides. So where chunks end depends
 * on the text around the cut, not on a count from the beginning: after an edit the cuts are the old ones again
 * within a few chunks.
 */
export function packSection(pieces: readonly Piece[], packing: Packing): Span[] {
  const { text, limits, measure } = packing
  const spans: Span[] = []
  const pending = [...pieces].reverse()
  let current: Piece[] = []
  let sum = 0
  let rest = total(pieces)
  const cutting = { measure, run: Math.max(1, Math.floor(limits.maxTokens / 4)) }
  let previous: readonly Piece[] = []

  while (current.length > 0 || pending.length > 0) {
    const budget = spans.length === 0 ? limits.maxTokens : limits.maxTokens - limits.overlapTokens
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      if (!next.oversize && sum + next.tokens <= budget) {
        current.push(next)
        sum += next.tokens
        continue
      }
      const anywhere = next.oversize || next.tokens > budget
      const finer =
        anywhere || mayCut(next, sum, budget) ? cutPiece(text, next, { ...cutting, anywhere }) : [next]
      if (finer.length === 1) {
        pending.push(next)
        const exact = countOf(packing, current)
        // Many short pieces have fewer tokens together than apart.
        if (next.oversize || exact > sum * recountShare) break
        sum = exact
        continue
      }
      rest += total(finer) - next.tokens
      for (const piece of finer.reverse()) pending.push(piece)
    }
    const next = pending.at(-1)
    let taken = current.length
    if (current.length === 0 && next !== undefined) {
      // A single code point that exceeds the limit: there is no finer cut.
      pending.pop()
      current = [next]
      sum = next.tokens
      taken = 1
    } else if (next !== undefined) {
      taken = bestCut(text, { current, next, rest, limit: (budget * total(current)) / Math.max(1, sum) })
    }
    for (let exact = countOf(packing, current.slice(0, taken)); taken > 1 && exact > limits.maxTokens; ) {
      taken = Math.max(1, Math.min(taken - 1, Math.floor((taken * limits.maxTokens) / exact)))
      exact = countOf(packing, current.slice(0, taken))
    }
    const chunk = current.slice(0, taken)
    spans.push(withOverlap(packing, chunk, previous))
    previous = chunk
    current = current.slice(taken)
    sum = total(current)
    rest -= total(chunk)
  }
  return spans
}

function total(pieces: readonly Piece[]): number {
  let tokens = 0
  for (const piece of pieces) tokens += piece.tokens
  return tokens
}

/** A nearly empty chunk, a heading for instance, takes a part of the paragraph that follows. */
function mayCut(piece: Piece, sum: number, budget: number): boolean {
  return sum < budget * smallShare && (piece.kind === 'prose' || piece.kind === 'list')
}

/** How many of the current pieces the chunk takes if the rest does not fit. */
function bestCut(
  text: string,
  { current, next, rest, limit }: { current: readonly Piece[]; next: Piece; rest: number; limit: number },
): number {
  let best = current.length
  let bestScore: readonly number[] = []
  let filled = 0
  for (let taken = 1; taken <= current.length; taken++) {
    filled += current[taken - 1]?.tokens ?? 0
    if (filled < limit * earliestShare && taken < current.length) continue
    const behind = current[taken] ?? next
    const score = [
      behind.rank === ranks.afterHeading ? 0 : 1,
      rest - filled >= limit * tailShare ? 1 : 0,
      behind.rank,
      hash(text, behind.start),
    ]
    if (isGreater(score, bestScore)) {
      best = taken
      bestScore = score
    }
  }
  return best
}

function isGreater(a: readonly number[], b: readonly number[]): boolean {
  for (const [index, value] of a.entries()) {
    const other = b[index] ?? -1
    if (value !== other) return value > other
  }
  return false
}

/** FNV-1a of the first words at an offset. */
function hash(text: string, offset: number): number {
  let value = 0x811c9dc5
  const end = Math.min(text.length, offset + 40)
  for (let index = offset; index < end; index++) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193)
  }
  return value >>> 0
}

function countOf({ count }: Packing, pieces: readonly Piece[]): number {
  const first = pieces[0]
  const last = pieces.at(-1)
  return first === undefined || last === undefined ? 0 : count(first.start, last.end)
}

/** The chunk's span, extended backwards by as many whole sentences as the overlap allows. */
function withOverlap(packing: Packing, chunk: readonly Piece[], previous: readonly Piece[]): Span {
  const { text, limits, measure, count } = packing
  const end = chunk.at(-1)?.end ?? 0
  let start = chunk[0]?.start ?? 0
  let allowed = limits.overlapTokens
  const before = [...previous]
  while (allowed > 0) {
    const piece = before.pop()
    if (piece === undefined) break
    if (!piece.oversize && piece.tokens <= allowed) {
      if (count(piece.start, end) > limits.maxTokens) break
      allowed -= piece.tokens
      start = piece.start
      continue
    }
    // Single words only if not even the last sentence fits.
    if (piece.step > 0 && allowed < limits.overlapTokens) break
    const finer = piece.step <= 2 ? cutPiece(text, piece, { measure, run: 1, anywhere: false }) : [piece]
    if (finer.length === 1) break
    before.push(...finer)
  }
  return { start, end }
}
