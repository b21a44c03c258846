/** Scripts without spaces between words: pairs of letters replace words. */
const unspaced =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}ー]+/gu
const spaced = /[\p{L}\p{N}\p{M}]+/gu

/** A word without its ending: enough to match "closing", "closed" and "closes". No rules of any language. */
function stem(word: string): string {
  return word.length > 5 ? word.slice(0, Math.max(4, word.length - 3)) : word
}

function pairs(letters: string): string[] {
  const all = [...letters]
  return all.length < 2 ? all : all.slice(1).map((letter, i) => `${all[i]}${letter}`)
}

/** The distinct words of a text, in any script; capitals and accents make no difference. */
export function wordsOf(text: string): ReadonlySet<string> {
  const plain = text
    .toLowerCase()
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]/g, '')
    .normalize('NFC')
  const words = new Set<string>()
  const rest = plain.replace(unspaced, (letters) => {
    for (const pair of pairs(letters)) words.add(pair)
    return ' '
  })
  for (const [word] of rest.matchAll(spaced)) words.add(stem(word))
  return words
}

/**
 * The weight of each word: the rarer in the passages, the higher. No list of stop words, so it works for any
 * language.
 */
export interface Rarity {
  weight(word: string): number
  /** Whether any passage has the word. */
  knows(word: string): boolean
}

/** A word that occurs in both of two passages is not common yet. */
const fewestPassages = 20

export function rarityIn(passages: readonly ReadonlySet<string>[]): Rarity {
  const passagesWith = new Map<string, number>()
  for (const words of passages) {
    for (const word of words) passagesWith.set(word, (passagesWith.get(word) ?? 0) + 1)
  }
  const all = Math.max(passages.length, fewestPassages)
  return {
    weight: (word) => Math.log((all + 1) / ((passagesWith.get(word) ?? 0) + 0.5)),
    knows: (word) => passagesWith.has(word),
  }
}

/** The weight of all words together. */
export function weightOf(words: Iterable<string>, rarity: Rarity): number {
  let sum = 0
  for (const word of words) sum += Math.max(0, rarity.weight(word))
  return sum
}

/** Words of the first that are also in the second. */
export function shared(words: ReadonlySet<string>, other: ReadonlySet<string>): readonly string[] {
  return [...words].filter((word) => other.has(word))
}
