import { getDocumentProxy } from 'unpdf'
import { counted, grouped } from '../core/counted.ts'
import { RevectorError } from '../core/errors.ts'
import { type PageLine, pageLines, type TextItem } from './pdf-lines.ts'
import { composePages } from './pdf-paragraphs.ts'
import { checkPages, checkStreams } from './pdf-streams.ts'
import type { ReadLimits } from './read-limits.ts'
import type { RawDocument } from './text.ts'

/** Default titles that programs write by themselves. */
const emptyTitle =
  /^(?:microsoft (?:word|powerpoint|excel)\b.*|untitled\b.*|document\d*|title|.*\.(?:docx?|pptx?|xlsx?|tex|dvi|indd|qxd|pdf))$/i

/**
 * @throws RevectorError PARSE_FAILED, DOCUMENT_EMPTY, FILE_TOO_LARGE
 */
export async function parsePdf(
  bytes: Uint8Array,
  { maxTextLength, maxUnpackedBytes, maxPages }: ReadLimits,
): Promise<RawDocument> {
  await checkStreams(bytes, maxUnpackedBytes)
  const document = await open(bytes)
  try {
    checkPages(document.numPages, maxPages)
    const pages: PageLine[][] = []
    const unreadable: number[] = []
    let length = 0
    for (let number = 1; number <= document.numPages; number++) {
      const lines = await readPage(document, number, { left: maxTextLength - length, limit: maxTextLength })
      if (lines === null) unreadable.push(number)
      for (const line of lines ?? []) length += line.text.length
      if (length > maxTextLength) throw tooLong(maxTextLength)
      pages.push(lines ?? [])
    }
    if (unreadable.length === document.numPages) throw damaged('none of its pages can be read')
    if (length === 0) throw scanned(document.numPages)
    const info = await infoOf(document)
    const { text, pageOffsets, largestLine, headings } = composePages(pages)
    return {
      title: info.title ?? largestLine,
      text,
      pageOffsets,
      headings,
      metadata: {
        pages: document.numPages,
        ...(unreadable.length > 0 ? { unreadable_pages: unreadable } : {}),
        ...info.metadata,
      },
    }
  } finally {
    await document.destroy()
  }
}

type PdfDocument = Awaited<ReturnType<typeof getDocumentProxy>>

async function open(bytes: Uint8Array): Promise<PdfDocument> {
  try {
    return await getDocumentProxy(bytes, { verbosity: 0, enableXfa: false })
  } catch (cause) {
    if (cause instanceof Error && cause.name === 'PasswordException') {
      throw new RevectorError('PARSE_FAILED', 'The PDF is protected by a password.', {
        hint: 'Save a copy without a password and ingest that.',
        cause,
      })
    }
    throw damaged(cause instanceof Error ? cause.message.replace(/[.\s]+$/, '') : 'it has no pages', cause)
  }
}

/** A page's text piece by piece, since a page of a few kilobytes may unpack to gigabytes. @throws RevectorError FILE_TOO_LARGE */
async function readPage(
  document: PdfDocument,
  number: number,
  room: { readonly left: number; readonly limit: number },
): Promise<PageLine[] | null> {
  const items: TextItem[] = []
  let length = 0
  try {
    const page = await document.getPage(number)
    const reader = page.streamTextContent().getReader()
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      for (const item of part.value.items) {
        if (!('str' in item)) continue
        items.push(item)
        length += item.str.length
      }
      if (length > room.left) throw tooLong(room.limit)
    }
    page.cleanup()
  } catch (error) {
    if (error instanceof RevectorError) throw error
    return null
  }
  return pageLines(items)
}

async function infoOf(
  document: PdfDocument,
): Promise<{ title: string | null; metadata: Record<string, unknown> }> {
  const info = await document.getMetadata().then(
    (found) => found.info as Readonly<Record<string, unknown>>,
    () => ({}) as Readonly<Record<string, unknown>>,
  )
  const field = (name: string): string | undefined => {
    const value = info[name]
    return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined
  }
  const title = field('Title')
  const fields = {
    author: field('Author'),
    subject: field('Subject'),
    keywords: field('Keywords'),
    language: field('Language'),
    created: pdfDate(field('CreationDate')),
    modified: pdfDate(field('ModDate')),
  }
  return {
    title: title === undefined || emptyTitle.test(title) ? null : title,
    metadata: Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)),
  }
}

/** `D:20260102030405+01'00'` → ISO 8601. */
function pdfDate(text: string | undefined): string | undefined {
  const found = /^D:(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?(?:([+-])(\d\d)'?(\d\d)?|Z)?/.exec(text ?? '')
  if (found === null) return undefined
  const [
    ,
    year,
    month = '01',
    day = '01',
    hour = '00',
    minute = '00',
    second = '00',
    sign,
    zone,
    minutes = '00',
  ] = found
  const offset = sign === undefined ? 'Z' : `${sign}${zone}:${minutes}`
  const date = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}${offset}`)
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString()
}

function scanned(pages: number): RevectorError {
  return new RevectorError(
    'DOCUMENT_EMPTY',
    `The PDF has ${counted(pages, 'page')} but no text: it is probably a scan, and its pictures need text recognition (OCR) first.`,
    { hint: 'Run it through an OCR program, such as ocrmypdf, and ingest the result.', data: { pages } },
  )
}

function damaged(what: string, cause?: unknown): RevectorError {
  return new RevectorError('PARSE_FAILED', `The PDF is damaged: ${what}.`, {
    hint: 'Open it in a viewer; if that works, save it again and ingest that.',
    cause,
  })
}

function tooLong(limit: number): RevectorError {
  return new RevectorError(
    'FILE_TOO_LARGE',
    `The PDF has more than the ${grouped(limit)} characters of text allowed.`,
    { hint: 'Split the document or raise the limit.', data: { limit } },
  )
}
