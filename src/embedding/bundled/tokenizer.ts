import { readFile } from 'node:fs/promises'
import { modelFile } from './files.ts'

export interface Tokenizer {
  /** The text as numbers of vocabulary pieces; 0 is what the vocabulary doesn't know. */
  encode(text: string): number[]
}

/** Pieces with their log-probabilities, in the order of their numbers. */
type Vocabulary = readonly (readonly [piece: string, score: number])[]

export async function loadTokenizer(): Promise<Tokenizer> {
  const vocabulary = JSON.parse(await readFile(modelFile('vocab.json'), 'utf8')) as Vocabulary
  return createTokenizer(vocabulary)
}

interface Node {
  readonly next: Map<string, Node>
  /** Number of the piece that ends here, -1 where none does. */
  id: number
  score: number
}

/** The first six pieces stand for no text: unknown, begin, end, and three in reserve. */
const reserved = 6
const unknown = 0
/** SentencePiece's sign for a blank; every word begins with it. */
const blank = '\u2581'

/**
 * SentencePiece with a unigram vocabulary: of all ways to write the text as pieces, the one with the highest
 * sum of scores (Viterbi). White space of any kind and length is one blank, as SentencePiece has it.
 */
export function createTokenizer(vocabulary: Vocabulary): Tokenizer {
  const root = buildTrie(vocabulary)
  return { encode: (text) => encode(root, text) }
}

function buildTrie(vocabulary: Vocabulary): Node {
  const root: Node = { next: new Map(), id: -1, score: 0 }
  for (const [id, [piece, score]] of vocabulary.entries()) {
    if (id < reserved) continue
    let node = root
    for (const character of piece) {
      let child = node.next.get(character)
      if (child === undefined) {
        child = { next: new Map(), id: -1, score: 0 }
        node.next.set(character, child)
      }
      node = child
    }
    node.id = id
    node.score = score
  }
  return root
}

function encode(root: Node, text: string): number[] {
  const plain = text.normalize('NFKC').trim().replace(/\s+/g, blank)
  if (plain === '') return []
  const characters = [...(blank + plain)]
  const length = characters.length
  // For every end: the best score of a way to get there, and the last piece of that way.
  const best = new Float64Array(length + 1).fill(Number.NEGATIVE_INFINITY)
  const pieceAt = new Int32Array(length + 1)
  const startOf = new Int32Array(length + 1)
  best[0] = 0
  for (let start = 0; start < length; start += 1) {
    const before = best[start] ?? 0
    if (before === Number.NEGATIVE_INFINITY) continue
    const reach = (end: number, id: number, score: number) => {
      if (score < (best[end] ?? 0)) return
      best[end] = score
      pieceAt[end] = id
      startOf[end] = start
    }
    let node = root.next.get(characters[start] ?? '')
    if (node === undefined) reach(start + 1, unknown, before)
    for (let end = start + 1; node !== undefined; end += 1) {
      if (node.id >= 0) reach(end, node.id, before + node.score)
      node = node.next.get(characters[end] ?? '')
    }
  }
  return readBack(pieceAt, startOf, length)
}

function readBack(pieceAt: Int32Array, startOf: Int32Array, length: number): number[] {
  const ids: number[] = []
  for (let end = length; end > 0; end = startOf[end] ?? 0) {
    const id = pieceAt[end] ?? unknown
    // Neighbouring unknowns count once.
    if (id !== unknown || ids.at(-1) !== unknown) ids.push(id)
  }
  return ids.reverse()
}
