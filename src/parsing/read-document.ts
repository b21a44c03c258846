import { counted, grouped } from '../core/counted.ts'
import type { ParsedDocument } from '../core/document.ts'
import { RevectorError } from '../core/errors.ts'
import type { DetectedType } from './detect.ts'
import { cleanMetadata, normalizeTitle } from './normalize.ts'
import type { ReadLimits } from './read-limits.ts'
import { parseText, type RawDocument } from './text.ts'

/**
 * A document from bytes of a known type. `fallbackTitle` is for a document without a title.
 *
 * @throws RevectorError PARSE_FAILED, DOCUMENT_EMPTY, FILE_TOO_LARGE
 */
export async function readDocument(
  bytes: Uint8Array,
  type: DetectedType,
  { fallbackTitle, limits }: { fallbackTitle: string | null; limits: ReadLimits },
): Promise<ParsedDocument> {
  const raw = await readRaw(bytes, type, limits)
  if (raw.text.trim() === '') {
    throw new RevectorError('DOCUMENT_EMPTY', 'The document has no text.', {
      hint: 'Leave it out, or check whether its text is in pictures.',
    })
  }
  if (raw.text.length > limits.maxTextLength) {
    throw new RevectorError(
      'FILE_TOO_LARGE',
      `The document has ${counted(raw.text.length, 'character')} of text, more than the ${grouped(limits.maxTextLength)} allowed.`,
      {
        hint: 'Split the document or raise the limit.',
        data: { length: raw.text.length, limit: limits.maxTextLength },
      },
    )
  }
  const title = normalizeTitle(raw.title ?? '') || normalizeTitle(fallbackTitle ?? '')
  return {
    title: title || firstWords(raw.text),
    text: raw.text,
    mediaType: type.mediaType,
    pageOffsets: raw.pageOffsets ?? [],
    headings: raw.headings,
    metadata: cleanMetadata(raw.metadata),
  }
}

/** The heavy parsers are loaded when a file first needs them; searches and text files never do. */
async function readRaw(bytes: Uint8Array, type: DetectedType, limits: ReadLimits): Promise<RawDocument> {
  switch (type.format) {
    case 'pdf':
      return (await import('./pdf.ts')).parsePdf(bytes, limits)
    case 'docx':
      return (await import('./docx.ts')).parseDocx(bytes, limits.maxUnpackedBytes)
    case 'html':
      return (await import('./html.ts')).parseHtml(bytes, type.charset)
    default:
      return parseText(bytes, type)
  }
}

function firstWords(text: string): string {
  const line =
    normalizeTitle(text.trimStart().split('\n', 1)[0] ?? '').replace(/^[-+*>#|=~`]+\s*/, '') || 'Untitled'
  return line.length <= 80 ? line : `${line.slice(0, 80).replace(/\s+\S*$/, '')}…`
}
