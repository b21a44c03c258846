/** Brackets that language models use for citations. */
const opens = '[\\[【［〔〖]'
const closes = '[\\]】］〕〗]'
/** A citation is on one line. */
const blank = '[^\\S\\n]'
const digits = '\\p{Nd}{1,3}'
const word = '(?:passages?|sources?|documents?|docs?|references?|refs?|citations?|quotes?)\\.?'
const before = `(?:${word}${blank}*)?[#№^:]?${blank}*`
const between = `(?:${blank}*(?:[,;、，；،؛&–—‑~〜～-]|and|to|und|et|y)${blank}*|${blank}+)`
/** What some models put after the number: `†source`, a page, a line. */
const behind = `(?:${blank}*†[^\\]】\\n]{0,60}|${blank}*[,:]${blank}*(?:pp?\\.|pages?|lines?|L|§)[^\\]】\\n]{0,40})?`
const list = `${digits}(?:${between}${before}${digits})*`

/**
 * At the start of a text: `[1]`, `[1, 2]`, `[1-3]`, `[[1]]`, `\[1\]`, `[^1]`, `[passage 1]`, `【1†source】`,
 * `［１］`.
 */
const marker = new RegExp(
  `^\\\\?${opens}{1,2}${blank}*${before}(${list})${behind}${blank}*\\\\?${closes}{1,2}`,
  'iu',
)
/** What may still become a citation. */
const unfinished = new RegExp(
  `^\\\\?${opens}{1,2}${blank}*(?:[a-z]{1,10}\\.?${blank}*)?[#№^:]?${blank}*(?:\\p{Nd}[^\\]】］〕〗\\n]{0,80})?\\\\?$`,
  'iu',
)
const range = /(\p{Nd}{1,3})(?:[^\S\n]*(?:[–—‑~〜～-]|to)[^\S\n]*(\p{Nd}{1,3}))?/giu
const widestRange = 20

/** A citation as a language model wrote it. */
export interface WrittenMarker {
  readonly length: number
  /** Whether or not there are such passages. */
  readonly numbers: readonly number[]
}

/** The citation at the start of a text; null: there is none; undefined: undecided until more has arrived. */
export function markerAt(text: string, final: boolean): WrittenMarker | null | undefined {
  const found = marker.exec(text)
  if (found === null) return !final && unfinished.test(text) ? undefined : null
  // `[1]` may be followed by the second bracket of `[[1]]`, or be the text of a link.
  if (found[0].length === text.length && !final) return undefined
  return { length: found[0].length, numbers: numbersOf(found[1] ?? '') }
}

function numbersOf(written: string): readonly number[] {
  return [...written.matchAll(range)].flatMap(([, from = '', to = from]) => {
    const [a, b] = [numberOf(from), numberOf(to)]
    const [low, high] = a < b ? [a, b] : [b, a]
    return Array.from({ length: Math.min(high - low, widestRange) + 1 }, (_, i) => low + i)
  })
}

/** The value of digits of any script. */
function numberOf(written: string): number {
  let value = 0
  for (const digit of written.normalize('NFKC')) value = 10 * value + digitOf(digit)
  return value
}

/** Each script has its digits in order, from zero. */
function digitOf(digit: string): number {
  const code = digit.codePointAt(0) ?? 0
  let nought = code
  while (code - nought < 9 && /\p{Nd}/u.test(String.fromCodePoint(nought - 1))) nought -= 1
  return code - nought
}
