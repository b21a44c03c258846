import type { TokenCounter } from './raw-model.ts'

export interface Window {
  readonly text: string
  readonly tokens: number
}

export interface Room {
  readonly count: TokenCounter
  /** Most tokens of one window. */
  readonly tokens: number
}

/**
 * Share of its length that a window shares with the previous one, so that no sentence is without its neighbour.
 */
const overlapShare = 1 / 8

/**
 * A text that fits is one window. A longer one is cut where it matters least (line ends, then sentence ends,
 * then blanks, then anywhere between two characters) and packed into windows that fit. Nothing but white space
 * is lost.
 */
export function windowsOf(text: string, room: Room): readonly Window[] {
  // Counting is cheap compared with embedding, but a megabyte that can't fit need not be counted twice.
  if (text.length <= room.tokens * 16) {
    const tokens = room.count(text)
    if (tokens <= room.tokens) return [{ text, tokens }]
  }
  return pack(cut(text, room, 0), room)
}

interface Piece {
  readonly text: string
  readonly tokens: number
}

// Cuts come before white space: byte-pair and unigram vocabularies attach a blank to the word that follows it.
const cuts: readonly RegExp[] = [
  /(?=\n)/u,
  /(?<=[.!?\u3002\uff01\uff1f]["'\u201d\u2019)\]]{0,3})(?=\s)/u,
  /(?=\s)/u,
]

function cut(text: string, room: Room, level: number): Piece[] {
  const rule = cuts[level]
  const parts = rule === undefined ? halves(text) : text.split(rule)
  return parts.flatMap((part) => {
    if (part.length <= room.tokens * 16) {
      const tokens = room.count(part)
      if (tokens <= room.tokens || part.length <= 1) return [{ text: part, tokens }]
    }
    return cut(part, room, level + 1)
  })
}

function halves(text: string): string[] {
  let middle = text.length >> 1
  const before = text.charCodeAt(middle - 1)
  if (before >= 0xd800 && before <= 0xdbff) middle += 1
  // A single surrogate pair can't be cut.
  return middle >= text.length ? [text] : [text.slice(0, middle), text.slice(middle)]
}

function pack(pieces: readonly Piece[], room: Room): Window[] {
  const windows: Window[] = []
  let current: Piece[] = []
  let tokens = 0
  const finish = () => {
    const text = current.map((piece) => piece.text).join('')
    if (text.trim() !== '') windows.push({ text, tokens })
  }
  for (const piece of pieces) {
    if (current.length > 0 && tokens + piece.tokens > room.tokens) {
      finish()
      current = tail(current, Math.min(room.tokens * overlapShare, room.tokens - piece.tokens))
      tokens = sum(current)
    }
    current.push(piece)
    tokens += piece.tokens
  }
  finish()
  return windows
}

/** The last pieces that together have at most this many tokens. */
function tail(pieces: readonly Piece[], most: number): Piece[] {
  const kept: Piece[] = []
  let tokens = 0
  for (const piece of pieces.toReversed()) {
    tokens += piece.tokens
    if (tokens > most) break
    kept.unshift(piece)
  }
  return kept
}

function sum(pieces: readonly Piece[]): number {
  return pieces.reduce((total, piece) => total + piece.tokens, 0)
}

/** The mean of the windows' vectors, each weighted by its tokens. */
export function pool(
  parts: readonly { readonly vector: Float32Array; readonly tokens: number }[],
): Float32Array {
  const [first] = parts
  if (first === undefined) throw new Error('No windows to pool.')
  if (parts.length === 1) return first.vector
  const sums = new Float64Array(first.vector.length)
  let weight = 0
  for (const { vector, tokens } of parts) {
    const share = Math.max(1, tokens)
    weight += share
    for (const [i, value] of vector.entries()) sums[i] = (sums[i] ?? 0) + value * share
  }
  return Float32Array.from(sums, (value) => value / weight)
}
