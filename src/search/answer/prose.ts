import { type Block, markdownBlocks } from '../../splitting/blocks.ts'
import { linesOf } from '../../splitting/lines.ts'
import { type Sentence, sentencesIn } from './sentences.ts'

interface Span {
  readonly start: number
  readonly end: number
}

/** What precedes the words of a line: quotation marks, the marks of list items and tasks. */
const marks = /^(?:[ \t]*(?:>|(?:[-*+•]|\d{1,3}[.)])(?=[ \t])))*[ \t]*(?:\[[ xX]\](?=[ \t])[ \t]*)?/
const item = /[-*+•\d]/
const fence = /^(?:`{3,}|~{3,})/
/** Headings, table rows, rules, link definitions, the name of an alert: also inside quotations and items. */
const noProse = /^(?:#{1,6}(?:\s|$)|\||(?:[-*_=][ \t]*){3,}$|\[[^\]\n]+\]:[ \t]|\[![A-Z]+\][ \t]*$)/

/**
 * The sentences of a passage that a person would read aloud: not code, tables, headings, pictures or HTML.
 * Without the marks of lists and quotations before them; their offsets in the passage are exact.
 */
export function proseSentencesOf(passage: string): readonly Sentence[] {
  const from = endOfCutCode(passage)
  return markdownBlocks(passage.slice(from))
    .flatMap(({ kind, start, end }) => proseIn(passage, { kind, start: start + from, end: end + from }))
    .flatMap((span) => sentencesIn(passage, span))
    .flatMap((sentence) => withoutMarks(sentence))
    .filter(({ text }) => readsAsProse(text))
}

/**
 * A passage may begin in the middle of a long code block; its first fence then closes what an earlier chunk
 * opened.
 * 0: it does not.
 */
function endOfCutCode(passage: string): number {
  const fences = [...passage.matchAll(/^[ \t]*(?:`{3,}|~{3,})(.*)\n?/gm)]
  const [first] = fences
  if (first === undefined || fences.length % 2 === 0 || first[1]?.trim() !== '') return 0
  const before = passage
    .slice(0, first.index)
    .split('\n')
    .filter((line) => line.trim() !== '')
  const prose = before.filter((line) => readsAsProse(line.trim()))
  return prose.length * 2 > before.length ? 0 : first.index + first[0].length
}

/** The paragraphs of a block that may be prose, each without the mark of its item. */
function proseIn(passage: string, { kind, start, end }: Pick<Block, 'kind' | 'start' | 'end'>): Span[] {
  if (kind === 'heading' || kind === 'rows') return []
  // A block that is only indented may be indented prose: its sentences are examined one by one.
  if (kind === 'code' && !/^(?: {4}|\t)/.test(passage.slice(start, end))) return []
  const spans: Span[] = []
  let open: Span | undefined
  let until: string | undefined
  const close = (): void => {
    if (open !== undefined) spans.push(open)
    open = undefined
  }
  for (const line of linesOf(passage, start, end)) {
    const whole = line.whole()
    const before = marks.exec(whole)?.[0] ?? ''
    const words = whole.slice(before.length)
    const fenced = fence.exec(words)?.[0]
    if (until !== undefined) {
      if (fenced?.startsWith(until) && words.trim() === fenced) until = undefined
    } else if (fenced !== undefined) {
      close()
      until = fenced
    } else if (words.trim() === '' || noProse.test(words)) close()
    else {
      if (item.test(before)) close()
      open = { start: open?.start ?? line.start + before.length, end: line.end }
    }
  }
  close()
  return spans
}

/** A quotation has its mark at the beginning of each line. */
function withoutMarks({ text, start, end }: Sentence): Sentence[] {
  const rest = text.replace(/^(?:>[ \t]*)+/, '')
  return rest === '' ? [] : [{ text: rest, start: start + text.length - rest.length, end }]
}

const picture = /!\[[^\]]*\](?:\((?:[^()]|\([^()]*\))*\)|\[[^\]]*\])/g
const inlineCode = /(`+)[^`]+\1/g
const address = /\]\([^)]*\)|<?\b(?:https?:\/\/|www\.)\S+/g
/** Characters that are more frequent in programs than in sentences. */
const signs = /[{}<>=;$|\\_@#&*^~`[\]]|--|=>|\/\//g
/** The largest share of such characters in a sentence. Formulas in scientific text stay below it. */
const mostSigns = 0.08
const fewestWords = 3
const unspaced =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u

function readsAsProse(text: string): boolean {
  const plain = text
    .replace(picture, '')
    .replace(inlineCode, 'code')
    .replace(address, '')
    .replace(/\*\*|__/g, '')
  const words = plain.match(/\p{L}[\p{L}\p{M}]*/gu) ?? []
  if (words.length < fewestWords && !unspaced.test(plain)) return false
  return (plain.match(signs)?.length ?? 0) <= mostSigns * plain.length
}
