import TurndownService from 'turndown'
import { strikethrough, taskListItems } from 'turndown-plugin-gfm'
import type { HtmlElement, HtmlNode } from './html-nodes.ts'

/** Longer link targets are identifiers and tracking, nothing to read or cite. */
const longestLink = 200

/**
 * HTML as Markdown for reading and searching: structure kept, link targets only if they work from anywhere,
 * images as their description, no escapes inside a line (`snake_case` must stay one word).
 */
export function htmlToMarkdown(root: HtmlElement): string {
  return parts(root).join('\n\n')
}

/** Converting takes the square of the size, so a long page is converted in parts. */
const partLength = 50_000
const containers = new Set(['BODY', 'MAIN', 'ARTICLE', 'SECTION', 'DIV'])
const inline = new Set([
  'A',
  'ABBR',
  'B',
  'BR',
  'CODE',
  'EM',
  'FONT',
  'I',
  'IMG',
  'SPAN',
  'STRONG',
  'SUB',
  'SUP',
  'U',
])

function parts(container: HtmlElement): string[] {
  const done: string[] = []
  let group: HtmlNode[] = []
  let length = 0
  const flush = (): void => {
    if (group.length === 0) return
    const together = container.ownerDocument.createElement('div')
    together.append(...group)
    const text = service().turndown(together as never)
    if (text.trim() !== '') done.push(text)
    group = []
    length = 0
  }
  for (const node of [...container.childNodes]) {
    const size = node.textContent?.length ?? 0
    if (size > partLength && isElement(node) && containers.has(node.nodeName)) {
      flush()
      done.push(...parts(node))
      continue
    }
    group.push(node)
    length += size
    if (length > partLength && isElement(node) && !inline.has(node.nodeName)) flush()
  }
  flush()
  return done
}

function isElement(node: HtmlNode): node is HtmlElement {
  return node.nodeType === 1
}

function service(): TurndownService {
  const turndown = new TurndownService({
    headingStyle: 'atx',
    codeBlockStyle: 'fenced',
    bulletListMarker: '-',
    emDelimiter: '*',
    hr: '---',
    br: '',
  })
  turndown.use([strikethrough, taskListItems])
  turndown.escape = (text) => text.replace(/^(?:#{1,6} |[-+*] |>|```|~~~|={3,}|-{3,})/, '\\$&')
  const positions = new Map<HtmlNode, number>()
  const headed = new Set<HtmlNode>()
  const isDataTable = tableJudge()
  add(turndown, 'listItem', ['LI'], (content, node) => {
    const list = node.parentNode
    const position = list === null ? 0 : (positions.get(list) ?? 0)
    if (list !== null) positions.set(list, position + 1)
    const first = Number(list?.getAttribute('start') ?? 1)
    const ordered = list?.nodeName === 'OL'
    const marker = ordered ? `${(Number.isInteger(first) ? first : 1) + position}. ` : '- '
    const indent = ' '.repeat(marker.length)
    return `${marker}${content.replace(/^\n+|\n+$/g, '').replace(/\n/g, `\n${indent}`)}\n`
  })
  add(turndown, 'heading', ['H1', 'H2', 'H3', 'H4', 'H5', 'H6'], (content, node) => {
    const title = content.replace(/\s+/g, ' ').trim()
    return title === '' ? '' : `\n\n${'#'.repeat(Number(node.nodeName.charAt(1)))} ${title}\n\n`
  })
  add(turndown, 'code', ['PRE'], (_, node) => fenced(node))
  add(turndown, 'link', ['A'], (content, node) => {
    const target = node.getAttribute('href') ?? ''
    const text = content.replace(/\s*\n\s*/g, ' ')
    const keeps =
      text.trim() !== '' && /^https?:\/\/[^\s()<>]+$/i.test(target) && target.length <= longestLink
    return keeps && text.trim() !== target ? `[${text.trim()}](${target})` : content
  })
  add(turndown, 'image', ['IMG'], (_, node) => (node.getAttribute('alt') ?? '').replace(/\s+/g, ' ').trim())
  add(turndown, 'cell', ['TD', 'TH'], (content, node) => {
    if (!isDataTable(tableOf(node))) return `\n\n${content}\n\n`
    const span = Math.min(50, Math.max(1, Number(node.getAttribute('colspan') ?? 1) || 1))
    return ` ${content
      .trim()
      .replace(/\s*\n\s*/g, ' ')
      .replaceAll('|', '\\|')} |${'  |'.repeat(span - 1)}`
  })
  add(turndown, 'row', ['TR'], (content, node) => {
    const table = tableOf(node)
    if (!isDataTable(table)) return content
    const row = `|${content}`
    if (table === null || headed.has(table)) return `\n${row}`
    headed.add(table)
    return `\n${row}\n|${' --- |'.repeat(Math.max(1, row.split(/(?<!\\)\|/).length - 2))}`
  })
  add(turndown, 'rows', ['THEAD', 'TBODY', 'TFOOT'], (content) => content)
  add(turndown, 'table', ['TABLE'], (content) => `\n\n${content.replace(/^\n+/, '')}\n\n`)
  add(turndown, 'caption', ['CAPTION'], (content) =>
    content.trim() === '' ? '' : `\n\n${content.trim()}\n\n`,
  )
  add(turndown, 'term', ['DT'], (content) => `\n\n${content.trim()}\n`)
  add(turndown, 'definition', ['DD'], (content) => `\n${content.trim()}\n`)
  add(turndown, 'summary', ['SUMMARY'], (content) => `\n\n${content.trim()}\n\n`)
  return turndown
}

function add(
  turndown: TurndownService,
  key: string,
  names: readonly string[],
  replacement: (content: string, node: HtmlElement) => string,
): void {
  turndown.addRule(key, {
    filter: (node) => names.includes((node as unknown as HtmlElement).nodeName),
    replacement: (content, node) => replacement(content, node as unknown as HtmlElement),
  })
}

function fenced(pre: HtmlElement): string {
  const code = (pre.textContent ?? '').replace(/\n$/, '').replace(/^\n/, '')
  if (code.trim() === '') return ''
  const classes = [pre.querySelector('code')?.className, pre.className, pre.parentNode?.className].join(' ')
  const language = /(?:language-|lang-|highlight-source-|highlight-)([\w+#-]+)/.exec(classes)?.[1] ?? ''
  let fence = '```'
  while (code.includes(fence)) fence += '`'
  return `\n\n${fence}${language}\n${code}\n${fence}\n\n`
}

function tableOf(node: HtmlElement): HtmlElement | null {
  let above = node.parentNode
  while (above !== null && above.nodeName !== 'TABLE') above = above.parentNode
  return above
}

/** Distinguishes a data table from a layout table, which is read as its content. */
function tableJudge(): (table: HtmlElement | null) => boolean {
  const known = new Map<HtmlElement, boolean>()
  return (table) => {
    if (table === null) return false
    let answer = known.get(table)
    if (answer === undefined) {
      answer =
        table.querySelector('table, h1, h2, h3, h4, pre, hr') === null &&
        table.querySelector('td + td, th + th, th + td, td + th') !== null &&
        table.getAttribute('role') !== 'presentation'
      known.set(table, answer)
    }
    return answer
  }
}
