import { counted, grouped } from '../core/counted.ts'
import { RevectorError } from '../core/errors.ts'
import { shortenDataUris } from './data-uris.ts'
import { decodeText } from './decode.ts'
import { contentOf, removeControls } from './html-content.ts'
import { type HtmlDocument, parseHtmlDocument } from './html-nodes.ts'
import { htmlToMarkdown } from './html-to-markdown.ts'
import { normalizeText, normalizeTitle } from './normalize.ts'
import type { RawDocument } from './text.ts'

export function parseHtml(bytes: Uint8Array, charset: string | null): RawDocument {
  const { text: source, encoding } = decodeText(bytes, { charset, html: true })
  const text = shortenDataUris(source)
  const marks = countMarks(text)
  if (marks > mostMarks) throw tooMany(marks)
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
  // Readability removes the page's own heading; the chunks below it need its name.
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

/** A fragment without html and body is treated as the body of a page; a body without html gets one. */
function wholeDocument(source: string): string {
  if (/<html[\s>]/i.test(source)) return source
  if (!/<body[\s>]/i.test(source)) return `<!doctype html><html><body>${source}</body></html>`
  return `<!doctype html><html>${source.replace(/^\s*<!doctype[^>]*>/i, '')}</html>`
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
/** Elements without a mandatory end tag, of which thousands may begin without being nested. */
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

/** More takes longer to parse than a file may. */
const mostMarks = 2_000_000

/** Tags, comments and entities: each becomes a node, whatever is written in it. */
function countMarks(source: string): number {
  let marks = 0
  for (let at = 0; at < source.length; at += 1) {
    const code = source.charCodeAt(at)
    if (code === 0x3c || code === 0x26) marks += 1
  }
  return marks
}

function tooMany(marks: number): RevectorError {
  return new RevectorError(
    'FILE_TOO_LARGE',
    `The HTML has ${counted(marks, 'tag or entity', 'tags and entities')}, more than the ${grouped(mostMarks)} allowed.`,
    { hint: 'Split the page, or convert it to text.', data: { marks, limit: mostMarks } },
  )
}

function tooDeep(cause?: unknown): RevectorError {
  return new RevectorError('PARSE_FAILED', 'The HTML is nested too deeply to be read.', {
    hint: 'Such a page is usually generated by a faulty program: check how it was made.',
    cause,
  })
}
