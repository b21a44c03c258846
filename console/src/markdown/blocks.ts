import { parse, postprocess, preprocess } from 'micromark'
import { gfmTable } from 'micromark-extension-gfm-table'
import { createWords, type Span, type Style } from './spans.ts'

/** A paragraph, heading, item of a list, code or table of a passage. */
export type Block =
  | { readonly kind: 'text' | 'head' | 'quote' | 'code'; readonly spans: readonly Span[] }
  | { readonly kind: 'item'; readonly spans: readonly Span[]; readonly sign: string; readonly depth: number }
  | { readonly kind: 'table'; readonly rows: readonly Row[] }

interface Row {
  readonly head: boolean
  readonly cells: readonly (readonly Span[])[]
}

/** Off: HTML, which stays text; indented code, as a chunk may begin anywhere; `[1]: …`, as [1] is a citation. */
const off = ['htmlFlow', 'htmlText', 'codeIndented', 'definition', 'characterReference']
const extensions = [gfmTable(), { disable: { null: off } }]
/** Tokens that are read, and those that hold words which are not: addresses, the language of code. */
const read = /^(data|characterEscapeValue|codeTextData|codeFlowValue|autolinkProtocol|autolinkEmail)$/
const unread = /^(resource|codeFencedFence|tableDelimiterRow)$/
const leaf = /^(paragraph|atxHeading|setextHeading|codeFenced|tableHeader|tableData)$/
const styles = new Map<string, Style>([
  ['codeText', 'code'],
  ['strong', 'strong'],
  ['emphasis', 'em'],
])
/** A row that no ruler follows: a chunk may begin between the rows of a table. */
const bareRow = /^[ \t]*\|.*\|[ \t]*(?:$|\r?\n(?![ \t]*\|?[ \t]*:?-+:?[ \t]*(?:\||\r?\n|$)))/
const head = '||\n|-|\n'
const task = /^\[[ xX]\][ \t]+/

/**
 * What a passage consists of, as far as reading it needs that: its marks are taken out, and every character knows where it
 * stood, so that a stretch of the source can be marked in what is shown. Whatever is not understood stays text.
 */
export function blocksOf(source: string): readonly Block[] {
  const shift = bareRow.test(source) ? head.length : 0
  // As long as what they replace: offsets stay.
  const plain = source.replace(/^\ufeff/, ' ').replace(/^([ \t]*)•(?=[ \t])/gm, '$1-')
  const input = preprocess()(head.slice(0, shift) + plain, undefined, true)
  const events = postprocess(parse({ extensions }).document().write(input))

  const blocks: Block[] = []
  const look = new Set<Style>()
  let words = createWords(' ')
  let [hidden, quotes, lists, heads, sign] = [0, 0, 0, 0, '']
  let cells: (readonly Span[])[] = []
  let rows: Row[] = []
  const add = (block: Block): void => {
    sign = ''
    if (textOf(block) !== '') blocks.push(block)
  }
  for (const [step, { type, start, end }] of events) {
    const [entered, at] = [step === 'enter', start.offset - shift]
    const change = entered ? 1 : -1
    const text = (): string => source.slice(at, end.offset - shift)
    if (unread.test(type)) hidden += change
    if (hidden > 0) continue
    const style = styles.get(type)
    if (style !== undefined) look[entered ? 'add' : 'delete'](style)
    else if (type === 'blockQuote') quotes += change
    else if (type === 'listOrdered' || type === 'listUnordered') lists += change
    else if (type === 'tableHead') heads += change
    else if (entered) {
      if (leaf.test(type)) words = createWords(type === 'codeFenced' ? '\n' : ' ')
      else if (read.test(type)) words.push(text(), at, look)
      else if (type === 'lineEnding') words.endLine(at, look)
      else if (type === 'listItemPrefix') sign = '•'
      else if (type === 'listItemValue') sign = `${text()}.`
    } else if (type === 'paragraph') {
      const spans = words.spans()
      if (sign === '') add({ kind: quotes > 0 ? 'quote' : 'text', spans })
      else add({ kind: 'item', spans: withoutTask(spans), sign, depth: Math.min(3, lists - 1) })
    } else if (type === 'atxHeading' || type === 'setextHeading') add({ kind: 'head', spans: words.spans() })
    else if (type === 'codeFenced') add({ kind: 'code', spans: words.spans() })
    else if (type === 'tableHeader' || type === 'tableData') cells.push(words.spans())
    else if (type === 'tableRow') {
      if (at >= 0) rows.push({ head: heads > 0, cells })
      cells = []
    } else if (type === 'table') {
      add({ kind: 'table', rows })
      rows = []
    }
  }
  return blocks
}

/** What is read in it, without its style. */
export function textOf(block: Block): string {
  const cells = block.kind === 'table' ? block.rows.flatMap((one) => one.cells) : [block.spans]
  return cells.map((spans) => spans.map((span) => span.text).join('')).join(' ')
}

function withoutTask([first, ...rest]: readonly Span[]): readonly Span[] {
  if (first === undefined) return []
  const by = task.exec(first.text)?.[0].length ?? 0
  return [{ ...first, text: first.text.slice(by), at: first.at + by }, ...rest]
}
