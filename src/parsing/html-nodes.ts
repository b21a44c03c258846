import { parseHTML } from 'linkedom'

/** The part of the DOM that is used here; the compiler does not load all browser types. */
export interface HtmlNode {
  readonly nodeName: string
  readonly nodeType: number
  readonly textContent: string | null
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
  remove(): void
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
  return document
}
