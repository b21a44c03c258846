import { Readability } from '@mozilla/readability'
import { type HtmlDocument, type HtmlElement, type HtmlNode, parseHtmlDocument } from './html-nodes.ts'

/** A content element with less than this share of the page's text is taken for a mistake. */
const leastShare = 0.4
/** Of a page with less text than this nothing is left out. */
const shortPage = 500
/** Readability's work grows with the square of nesting, and it takes seconds per megabyte. */
const deepestForReadability = 150
const mostElementsForReadability = 15_000

const notContent =
  'script, style, noscript, template, svg, canvas, iframe, object, nav, footer, aside, form, button, select, dialog, [hidden], [aria-hidden="true"], [role="navigation"], [role="search"]'

/**
 * The part of a page that its readers come for: its one `main` or `article` where it has one, else what
 * Readability finds, else everything but navigation and the like. Changes the document.
 */
export function contentOf(document: HtmlDocument): HtmlElement {
  const marked = onlyOne(document, 'main, [role="main"]') ?? onlyOne(document, 'article')
  const article = marked === null ? readable(document) : null
  for (const node of document.body.querySelectorAll(notContent)) node.remove()
  const whole = textLength(document.body)
  const found = marked ?? article
  if (found === null || whole <= shortPage || textLength(found) < whole * leastShare) return document.body
  return found
}

function onlyOne(document: HtmlDocument, selector: string): HtmlElement | null {
  const [first, second] = [...document.body.querySelectorAll(selector)]
  return first !== undefined && second === undefined ? first : null
}

function readable(document: HtmlDocument): HtmlElement | null {
  if (depthOf(document.body) > deepestForReadability) return null
  try {
    const copy = document.cloneNode(true)
    const reader = new Readability(copy as never, {
      keepClasses: true,
      maxElemsToParse: mostElementsForReadability,
    })
    const content = reader.parse()?.content
    if (content == null) return null
    return parseHtmlDocument(`<!doctype html><html><body>${content}</body></html>`).body
  } catch {
    // Too large a page, or one that it assumes more of than it has: read whole.
    return null
  }
}

function textLength(node: HtmlElement): number {
  return (node.textContent ?? '').replace(/\s+/g, ' ').length
}

/** Without recursion: the document may be made to be deep. */
function depthOf(root: HtmlNode): number {
  let deepest = 0
  const open: { node: HtmlNode; depth: number }[] = [{ node: root, depth: 0 }]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    deepest = Math.max(deepest, next.depth)
    for (const node of next.node.childNodes) {
      if (node.nodeType === 1) open.push({ node, depth: next.depth + 1 })
    }
  }
  return deepest
}
