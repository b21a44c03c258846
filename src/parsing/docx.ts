import mammoth from 'mammoth'
import { counted, grouped } from '../core/counted.ts'
import { RevectorError } from '../core/errors.ts'
import { fragmentToMarkdown } from './html.ts'
import { firstHeading, type RawDocument } from './text.ts'
import { unzip, type ZipEntry, zipEntries } from './zip.ts'

/** Default titles that programs write by themselves. */
const emptyTitle = /^(?:microsoft word\b.*|document\d*|untitled|title|word document|normal)$/i

/**
 * @param maxUnpackedBytes limit for the unpacked text parts of the document; pictures are never unpacked
 * @throws RevectorError PARSE_FAILED
 */
export async function parseDocx(bytes: Uint8Array, maxUnpackedBytes: number): Promise<RawDocument> {
  const parts = checkedParts(bytes, maxUnpackedBytes)
  let html: string
  try {
    const converted = await mammoth.convertToHtml(archiveOf(parts), {
      styleMap: ["p[style-name='Title'] => h1:fresh", "p[style-name='Subtitle'] => p:fresh"],
      convertImage: mammoth.images.imgElement(async () => ({ src: '' })),
      externalFileAccess: false,
    })
    html = converted.value
  } catch (cause) {
    throw new RevectorError('PARSE_FAILED', `The Word document could not be read: ${messageOf(cause)}.`, {
      hint: 'Open it in a word processor, save it again and ingest that.',
      cause,
    })
  }
  const text = fragmentToMarkdown(html)
  const { title, metadata } = coreProperties(parts.get('docProps/core.xml')?.toString('utf8') ?? '')
  return { title: title ?? firstHeading(text), text, metadata }
}

/**
 * The parts as mammoth's archive. It never sees the file: what it would unpack, a picture or a part under another name, or
 * what its own reading of the list of contents would find, has been checked by no one.
 */
function archiveOf(parts: ReadonlyMap<string, Buffer>): Parameters<typeof mammoth.convertToHtml>[0] {
  const file = {
    exists: (name: string) => parts.has(name),
    read: async (name: string, encoding?: string) => {
      const part = parts.get(name) ?? Buffer.alloc(0)
      if (encoding === 'base64') return part.toString('base64')
      return encoding === undefined ? part : new TextDecoder(encoding).decode(part)
    },
  }
  // What every form of its input becomes, which its types leave out.
  return { file } as unknown as Parameters<typeof mammoth.convertToHtml>[0]
}

/**
 * Unpacks what will be read, before anything else does: a part that unpacks to more than it claims, or parts
 * that together exceed the limit, must not reach memory.
 */
function checkedParts(bytes: Uint8Array, maxUnpackedBytes: number): Map<string, Buffer> {
  const texts = zipEntries(bytes).filter((entry) => /\.(?:xml|rels)$/i.test(entry.name))
  const claimed = texts.reduce((sum, entry) => sum + entry.size, 0)
  if (claimed > maxUnpackedBytes) {
    throw new RevectorError(
      'FILE_TOO_LARGE',
      `The Word document unpacks to ${counted(claimed, 'byte')} of text parts, more than the ${grouped(maxUnpackedBytes)} allowed.`,
      {
        hint: 'If the document is valid, raise the limit or split it.',
        data: { bytes: claimed, limit: maxUnpackedBytes },
      },
    )
  }
  if (texts.some((entry: ZipEntry) => entry.encrypted)) {
    throw new RevectorError('PARSE_FAILED', 'The document is protected by a password.', {
      hint: 'Save a copy without a password and ingest that.',
    })
  }
  return new Map(texts.map((entry) => [entry.name, unzip(bytes, entry)]))
}

function coreProperties(xml: string): { title: string | null; metadata: Record<string, unknown> } {
  const field = (name: string): string | undefined => {
    const found = new RegExp(`<(?:\\w+:)?${name}(?:\\s[^>]*)?>([^<]*)<`).exec(xml)?.[1]
    const text = found === undefined ? '' : unescapeXml(found).trim()
    return text === '' ? undefined : text
  }
  const title = field('title')
  const fields = {
    author: field('creator'),
    subject: field('subject'),
    keywords: field('keywords'),
    description: field('description'),
    language: field('language'),
    created: field('created'),
    modified: field('modified'),
  }
  return {
    title: title === undefined || emptyTitle.test(title) ? null : title,
    metadata: Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)),
  }
}

function unescapeXml(text: string): string {
  const named: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' }
  return text.replace(/&(?:#(\d{1,7})|#x([\da-f]{1,6})|(\w+));/gi, (whole, decimal, hex, name) => {
    if (name !== undefined) return named[name] ?? whole
    const point = decimal !== undefined ? Number(decimal) : Number.parseInt(hex, 16)
    return point <= 0x10ffff ? String.fromCodePoint(point) : whole
  })
}

function messageOf(cause: unknown): string {
  return cause instanceof Error
    ? (cause.message.split('\n')[0]?.replace(/[.\s]+$/, '') ?? '')
    : 'an unknown error'
}
