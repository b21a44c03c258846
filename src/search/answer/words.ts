/** A word without its ending, in lower case: enough to know "closing", "closed" and "closes" for one. No language's rules. */
function stem(word: string): string {
  const lower = word.toLowerCase()
  return lower.length > 5 ? lower.slice(0, Math.max(4, lower.length - 3)) : lower
}

/** The different words of a text. */
export function wordsOf(text: string): ReadonlySet<string> {
  return new Set([...text.normalize('NFKC').matchAll(/[\p{L}\p{N}]+/gu)].map(([word]) => stem(word)))
}

/** How much each word says: the rarer it is in the passages, the more. No list of stop words, so it holds for any language. */
export interface Rarity {
  weight(word: string): number
  /** Whether any passage has the word. */
  knows(word: string): boolean
}

/** A word that all of two passages have is not common yet. */
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

/** Words of the first that the second has too. */
export function shared(words: ReadonlySet<string>, other: ReadonlySet<string>): readonly string[] {
  return [...words].filter((word) => other.has(word))
}
