import { RevectorError } from '../core/errors.ts'
import { decodeText } from './decode.ts'
import { contentOf, removeControls } from './html-content.ts'
import { type HtmlDocument, parseHtmlDocument } from './html-nodes.ts'
import { htmlToMarkdown } from './html-to-markdown.ts'
import { normalizeText, normalizeTitle } from './normalize.ts'
import type { RawDocument } from './text.ts'

export function parseHtml(bytes: Uint8Array, charset: string | null): RawDocument {
  const { text, encoding } = decodeText(bytes, { charset, html: true })
  // Parsing takes the square of the depth.
  if (nestingOf(text) > deepest) throw tooDeep()
  const document = parseHtmlDocument(wholeDocument(text))
  const facts = factsOf(document)
  removeControls(document)
  const heading = document.querySelector('h1')
  const headingText = normalizeTitle(heading?.textContent ?? '')
  const body = contentOf(document)
  const markdown = nesting(() => htmlToMarkdown(body))
  const title = facts.title === '' ? headingText : facts.title
  // Readability takes the page's own heading away; the chunks below it want its name.
  const withHeading =
    headingText !== '' && !hasHeading(markdown, headingText) ? `# ${headingText}\n\n${markdown}` : markdown
  return {
    title: headingText !== '' && title.startsWith(headingText) ? headingText : title || null,
    text: normalizeText(withHeading),
    metadata: { encoding, ...facts.metadata },
  }
}

/** HTML from a converter, all of it content. */
export function fragmentToMarkdown(source: string): string {
  const document = parseHtmlDocument(`<!doctype html><html><body>${source}</body></html>`)
  return normalizeText(nesting(() => htmlToMarkdown(document.body)))
}

/** A fragment without its frame is read as a page's body. */
function wholeDocument(source: string): string {
  return /<(?:html|body)[\s>]/i.test(source) ? source : `<!doctype html><html><body>${source}</body></html>`
}

function factsOf(document: HtmlDocument): { title: string; metadata: Record<string, unknown> } {
  const meta = (...names: readonly string[]): string | undefined => {
    for (const name of names) {
      const content = document
        .querySelector(`meta[name="${name}"], meta[property="${name}"]`)
        ?.getAttribute('content')
        ?.trim()
      if (content !== undefined && content !== '') return content
    }
    return undefined
  }
  const language = document.documentElement.getAttribute('lang')?.trim()
  const fields = {
    language: language === '' ? undefined : language,
    author: meta('author', 'article:author'),
    description: meta('description', 'og:description'),
    published: meta('article:published_time', 'date', 'dcterms.date'),
    modified: meta('article:modified_time', 'dcterms.modified'),
    site: meta('og:site_name'),
  }
  return {
    title: normalizeTitle(meta('og:title') ?? document.title ?? ''),
    metadata: Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)),
  }
}

function hasHeading(markdown: string, heading: string): boolean {
  const wanted = letters(heading)
  return markdown.split('\n').some((line) => line.startsWith('#') && letters(line) === wanted)
}

function letters(text: string): string {
  return text.replace(/[^\p{L}\p{N}]+/gu, '').toLowerCase()
}

function nesting<T>(convert: () => T): T {
  try {
    return convert()
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause
    throw tooDeep(cause)
  }
}

const deepest = 5000
const tag = /<(\/?)([a-z][a-z0-9]*)/gi
/** Elements that need no end tag, and so may begin thousands of times without one inside the other. */
const endless =
  /^(?:area|base|br|col|colgroup|dd|dt|embed|hr|img|input|li|link|meta|optgroup|option|p|param|rp|rt|source|tbody|td|tfoot|th|thead|tr|track|wbr)$/i

/** Elements that are open at once, at most. */
function nestingOf(source: string): number {
  let open = 0
  let most = 0
  for (const [, slash, name = ''] of source.matchAll(tag)) {
    if (endless.test(name)) continue
    open = slash === '/' ? Math.max(0, open - 1) : open + 1
    most = Math.max(most, open)
  }
  return most
}

function tooDeep(cause?: unknown): RevectorError {
  return new RevectorError('PARSE_FAILED', 'The HTML is nested too deeply to be read.', {
    hint: 'Nobody writes such a page by hand: see how it was made.',
    cause,
  })
}
