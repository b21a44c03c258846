import { extname } from 'node:path'
import { RevectorError } from '../core/errors.ts'
import { looksUtf16 } from './decode.ts'
import { docx, html, markdown, mediaTypeOfPath, pdf, plain, readMediaType } from './media-types.ts'
import { compoundFile, foreignName } from './signatures.ts'
import { zipEntries } from './zip.ts'

export interface DetectedType {
  readonly format: 'pdf' | 'docx' | 'html' | 'markdown' | 'text'
  readonly mediaType: string
  /** From the declared media type. */
  readonly charset: string | null
}

export interface ParseInput {
  readonly bytes: Uint8Array
  /** For its extension, and as the title if there is no other; need not exist. */
  readonly path?: string
  /** As declared by the sender, e.g. `text/html; charset=gbk`. */
  readonly mediaType?: string
}

const readable = 'Text, Markdown, HTML, PDF and DOCX can be read.'

/**
 * The type of a file: by its content first, then as declared, then by its name.
 *
 * @throws RevectorError FILE_TYPE_UNSUPPORTED that names the detected type, PARSE_FAILED if a document is
 * encrypted
 */
export function detectType({ bytes, path, mediaType }: ParseInput): DetectedType {
  const declared = mediaType === undefined ? null : readMediaType(mediaType)
  const charset = declared?.charset ?? null
  const head = Buffer.from(bytes.subarray(0, 1024)).toString('latin1')
  if (head.includes('%PDF-')) return { format: 'pdf', mediaType: pdf, charset: null }
  if (head.startsWith('PK\x03\x04')) return detectZip(bytes)
  if (head.startsWith(compoundFile)) throw officeContainer(bytes)
  const binary = looksBinary(bytes)
  const foreign = foreignName(head, binary)
  if (foreign !== null) throw unsupported(`It is ${foreign}.`)
  const given = typeFrom(declared?.type ?? null) ?? mediaTypeOfPath(path ?? '')
  if (binary) {
    if (given === pdf || given === docx) {
      throw new RevectorError(
        'PARSE_FAILED',
        `It is called ${given === pdf ? 'a PDF' : 'a Word document'}, but does not begin like one: it is damaged or of another type.`,
        { hint: 'Open it in a viewer. If that fails too, download it again.' },
      )
    }
    throw unsupported('It contains binary data of an unknown type.')
  }
  if (looksHtml(head, given)) return { format: 'html', mediaType: html, charset }
  const type =
    given === pdf || given === docx || given === null
      ? looksMarkdown(bytes, path)
        ? markdown
        : plain
      : given
  if (type === html || type === 'application/xhtml+xml') return { format: 'html', mediaType: html, charset }
  return { format: type === markdown ? 'markdown' : 'text', mediaType: type, charset }
}

/** A declared type that says nothing counts as none. */
function typeFrom(type: string | null): string | null {
  if (type === null || type === '' || type === 'application/octet-stream' || type === plain) return null
  return type === 'text/x-markdown' ? markdown : type
}

function detectZip(bytes: Uint8Array): DetectedType {
  const names = new Set(zipEntries(bytes).map((entry) => entry.name))
  const has = (prefix: string): boolean => [...names].some((name) => name.startsWith(prefix))
  if (names.has('[Content_Types].xml')) {
    if (has('word/')) return { format: 'docx', mediaType: docx, charset: null }
    if (has('xl/')) throw unsupported('It is an Excel workbook (XLSX).')
    if (has('ppt/')) throw unsupported('It is a PowerPoint presentation (PPTX).')
  }
  if (names.has('META-INF/container.xml')) throw unsupported('It is an e-book (EPUB).')
  if (names.has('META-INF/MANIFEST.MF')) throw unsupported('It is a Java archive (JAR).')
  if (names.has('mimetype') && names.has('content.xml'))
    throw unsupported('It is an OpenDocument file (ODT, ODS, ODP).')
  throw unsupported('It is a ZIP archive.')
}

function officeContainer(bytes: Uint8Array): RevectorError {
  const encrypted = Buffer.from('EncryptedPackage', 'utf16le')
  if (Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).includes(encrypted)) {
    return new RevectorError('PARSE_FAILED', 'The document is protected by a password.', {
      hint: 'Save a copy without a password and ingest that.',
    })
  }
  return unsupported(
    'It is an Office file from before 2007 (DOC, XLS or PPT).',
    'Save it as DOCX or PDF and ingest that.',
  )
}

function unsupported(what: string, hint?: string): RevectorError {
  return new RevectorError('FILE_TYPE_UNSUPPORTED', `${what} ${readable}`, {
    hint: hint ?? 'Convert it to one of these types, or leave it out.',
  })
}

function looksBinary(bytes: Uint8Array): boolean {
  const sample = bytes.subarray(0, 8192)
  if (sample[0] === 0xff && sample[1] === 0xfe) return false
  if (sample[0] === 0xfe && sample[1] === 0xff) return false
  if (looksUtf16(bytes) !== null) return false
  let controls = 0
  // By index: iterating takes ten times as long, and this runs for every file.
  for (let i = 0; i < sample.length; i++) {
    const byte = sample[i] ?? 0
    if (byte === 0) return true
    if (byte < 0x20 && byte !== 0x1b && (byte < 0x09 || byte > 0x0d)) controls++
  }
  return controls > 3 && controls * 50 > sample.length
}

/** If it may be Markdown, only a whole HTML document counts as HTML: README files often begin with a tag. */
function looksHtml(latin1: string, given: string | null): boolean {
  const start = latin1
    .replace(/^(?:\xef\xbb\xbf|\xff\xfe|\xfe\xff)/, '')
    .replaceAll('\0', '')
    .replace(/^\s+/, '')
    .replace(/^<\?xml[^>]*>\s*/i, '')
    .replace(/^(?:<!--[\s\S]*?-->\s*)+/, '')
  if (/^<(?:!doctype\s+html|html)[\s>]/i.test(start)) return true
  if (given !== null && given !== html) return false
  return /^<(?:head|body|title|meta|script|style|iframe|h1|div|font|table|a|b|br|p)[\s/>]/i.test(start)
}

/** For text without a name or extension. */
function looksMarkdown(bytes: Uint8Array, path: string | undefined): boolean {
  if (path !== undefined && extname(path) !== '') return false
  const head = Buffer.from(bytes.subarray(0, 16_384))
    .toString('latin1')
    .replaceAll('\0', '')
    .replace(/\r\n?/g, '\n')
  if (head.startsWith('#!')) return false
  const headings = head.match(/^#{1,6} [^\n]*\n\n/gm)?.length ?? 0
  return headings > 1 || (headings === 1 && /^```|^[-*] |\]\(/m.test(head))
}
