import { parseHTML } from 'linkedom'

const elementNode = 1
const textNode = 3

/** The part of the DOM that is used here; the compiler does not load all browser types. */
export interface HtmlNode {
  readonly nodeName: string
  readonly nodeType: number
  textContent: string | null
  remove(): void
  readonly parentNode: HtmlElement | null
  readonly childNodes: Iterable<HtmlNode>
}

export interface HtmlElement extends HtmlNode {
  readonly className: string
  getAttribute(name: string): string | null
  querySelector(selector: string): HtmlElement | null
  querySelectorAll(selector: string): Iterable<HtmlElement>
  readonly ownerDocument: HtmlDocument
  append(...nodes: readonly HtmlNode[]): void
}

export interface HtmlDocument extends HtmlElement {
  readonly documentElement: HtmlElement
  readonly body: HtmlElement
  readonly title: string
  cloneNode(deep: boolean): HtmlDocument
  createElement(name: string): HtmlElement
}

export function parseHtmlDocument(source: string): HtmlDocument {
  const { document } = parseHTML(source) as unknown as { document: HtmlDocument }
  joinTexts(document)
  return document
}

/**
 * The parser begins a text at every `<` and `&` that is only a character, and what reads the page takes some time for each
 * text. Without recursion: a document may be nested deeply on purpose.
 */
function joinTexts(root: HtmlNode): void {
  const open: HtmlNode[] = [root]
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    let run: HtmlNode[] = []
    for (const child of [...node.childNodes]) {
      if (child.nodeType === textNode) {
        run.push(child)
        continue
      }
      join(run)
      run = []
      if (child.nodeType === elementNode) open.push(child)
    }
    join(run)
  }
}

function join([first, ...rest]: readonly HtmlNode[]): void {
  if (first === undefined || rest.length === 0) return
  first.textContent = [first, ...rest].map((text) => text.textContent ?? '').join('')
  for (const text of rest) text.remove()
}
