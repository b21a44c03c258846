import { takingTurns } from '../../core/turns.ts'
import type { ModelSpec } from '../../wire/model.ts'
import type { RawModel } from '../raw-model.ts'

/*
 * lexical-hash-<d>: feature hashing, without weights. It is LEXICAL: it finds texts that share words (or parts
 * of words), not texts that mean the same. It is for tests, for trials without a download, and as the baseline
 * that a real model has to beat.
 *
 * 1. The text is put in Unicode form NFKC and lower case; words are runs of letters, marks and digits.
 * 2. Features: each word, and the three-letter parts of each word of three letters or more, with its ends marked
 *    and together as heavy as the word, so that "model" and "models" meet. Latin words of one to three letters,
 *    mostly function words, weigh less: there is no corpus to count them in. (Pairs of words were tried:
 * worse.)
 * 3. A feature that occurs n times counts √n times its weight.
 * 4. A feature's 32-bit FNV-1a hash, mixed once more, says which of the d numbers it is added to and, by
 *    another bit, with which sign; so collisions cancel out on average instead of adding up.
 * 5. The vector is scaled to length 1. A text without words, or one whose features cancel out, gets the
 *    features of its characters, and if these cancel out too, the hash of the whole text.
 *
 * Only +, ×, ÷ and √ on doubles are used: the same vectors on every machine.
 */

export function openLexicalHash(spec: ModelSpec): RawModel {
  // Made in this process, for all of its batches: otherwise many small ones would leave no room for others.
  const pause = takingTurns()
  return {
    async embedBatch(texts) {
      const vectors: Float32Array[] = []
      for (const text of texts) {
        if (vectors.length > 0) await pause()
        vectors.push(hashText(text, spec.dimension))
      }
      return { vectors, indexes: null, tokens: null }
    },
  }
}

export function hashText(text: string, dimension: number): Float32Array {
  const plain = text.normalize('NFKC').toLowerCase()
  const words = plain.match(/[\p{L}\p{M}\p{N}]+/gu) ?? []
  const vector =
    project(wordFeatures(words), dimension) ??
    project(characterFeatures(plain), dimension) ??
    project(new Map([[`text ${plain}`, 1]]), dimension)
  if (vector === null) throw new Error('One feature cannot cancel itself out.')
  return vector
}

/** Feature → weight × √occurrences. */
type Features = ReadonlyMap<string, number>

function wordFeatures(words: readonly string[]): Features {
  const counts = new Map<string, { weight: number; times: number }>()
  const add = (feature: string, weight: number) => {
    const seen = counts.get(feature)
    if (seen === undefined) counts.set(feature, { weight, times: 1 })
    else seen.times += 1
  }
  for (const word of words) {
    const weight = wordWeight(word)
    add(`w ${word}`, weight)
    if (word.length < 3) continue
    const marked = `<${word}>`
    const parts = marked.length - 2
    const partWeight = weight / Math.sqrt(parts)
    for (let at = 0; at < parts; at += 1) add(`p ${marked.slice(at, at + 3)}`, partWeight)
  }
  return new Map([...counts].map(([feature, { weight, times }]) => [feature, weight * Math.sqrt(times)]))
}

function wordWeight(word: string): number {
  // Ideographs and digits say much in few characters.
  if (!/^\p{Script=Latin}{1,3}$/u.test(word)) return 1
  return word.length === 3 ? 0.5 : 0.25
}

function characterFeatures(text: string): Features {
  const counts = new Map<string, number>()
  for (const character of text) {
    const feature = `c ${character}`
    counts.set(feature, (counts.get(feature) ?? 0) + 1)
  }
  return new Map([...counts].map(([feature, times]) => [feature, Math.sqrt(times)]))
}

/** Null if nothing is left. */
function project(features: Features, dimension: number): Float32Array | null {
  const sums = new Float64Array(dimension)
  for (const [feature, weight] of features) {
    const hash = hash32(feature)
    const place = hash % dimension
    // The remainder uses the low bits; the sign comes from a second round.
    const sign = (mix(hash ^ 0x9e3779b9) & 1) === 0 ? 1 : -1
    sums[place] = (sums[place] ?? 0) + sign * weight
  }
  let squares = 0
  for (const value of sums) squares += value * value
  if (squares < 1e-12) return null
  const length = Math.sqrt(squares)
  return Float32Array.from(sums, (value) => value / length)
}

/** FNV-1a over the UTF-16 code units, low byte first. */
function hash32(text: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at)
    hash = Math.imul(hash ^ (unit & 0xff), 0x01000193)
    hash = Math.imul(hash ^ (unit >>> 8), 0x01000193)
  }
  return mix(hash)
}

/** The finaliser of MurmurHash3: every bit of the input reaches every bit of the result. */
function mix(value: number): number {
  let hash = value
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
