import { Readability } from '@mozilla/readability'
import { type HtmlDocument, type HtmlElement, type HtmlNode, parseHtmlDocument } from './html-nodes.ts'

/**
 * An `article`, or what Readability finds, with less than this share of the page's text is considered wrong.
 */
const leastShare = 0.4
/** A `main` element is the content, unless it is nearly empty because a script was to fill it. */
const leastMain = 100
/** From a page with less text than this, nothing more is removed. */
const shortPage = 500
/** Readability's work grows with the square of nesting, and it takes seconds per megabyte. */
const deepestForReadability = 150
const mostElementsForReadability = 15_000

const notContent =
  'script, style, noscript, template, svg, canvas, iframe, object, nav, footer, aside, button, select, dialog, [hidden], [aria-hidden="true"], [role="navigation"], [role="search"]'

/** Removes elements that are there to click on, not to read. */
export function removeControls(document: HtmlDocument): void {
  for (const node of document.body.querySelectorAll(notContent)) node.remove()
  for (const link of document.body.querySelectorAll(headingLinks)) {
    if (/^[\s#¶§🔗\u200b]*$/u.test(link.textContent ?? '')) link.remove()
  }
}

const headingLinks = [1, 2, 3, 4, 5, 6].map((level) => `h${level} a[href^="#"]`).join(', ')

/**
 * The content of a page: its one `main` or `article` if it has one, else what Readability finds, else all of
 * it.
 */
export function contentOf(document: HtmlDocument): HtmlElement {
  const whole = textLength(document.body)
  const main = onlyOne(document, 'main, [role="main"]')
  if (main !== null && textLength(main) >= Math.min(leastMain, whole * leastShare)) return main
  if (whole <= shortPage) return document.body
  const found = onlyOne(document, 'article') ?? readable(document)
  return found === null || textLength(found) < whole * leastShare ? document.body : found
}

function onlyOne(document: HtmlDocument, selector: string): HtmlElement | null {
  const [first, second] = [...document.body.querySelectorAll(selector)]
  return first !== undefined && second === undefined ? first : null
}

function readable(document: HtmlDocument): HtmlElement | null {
  if (!suitsReadability(document.body)) return null
  try {
    const copy = document.cloneNode(true)
    const content = new Readability(copy as never, { keepClasses: true }).parse()?.content
    if (content == null) return null
    return parseHtmlDocument(`<!doctype html><html><body>${content}</body></html>`).body
  } catch {
    // Readability assumes more of a page than every page has.
    return null
  }
}

function textLength(node: HtmlElement): number {
  return (node.textContent ?? '').replace(/\s+/g, ' ').length
}

/** Without recursion: a document may be nested deeply on purpose. */
function suitsReadability(root: HtmlNode): boolean {
  let elements = 0
  const open: { node: HtmlNode; depth: number }[] = [{ node: root, depth: 0 }]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    elements++
    if (elements > mostElementsForReadability || next.depth > deepestForReadability) return false
    for (const node of next.node.childNodes) {
      if (node.nodeType === 1) open.push({ node, depth: next.depth + 1 })
    }
  }
  return true
}
