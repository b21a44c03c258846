import { RevectorError } from '../core/errors.ts'
import { guessLegacyEncoding } from './legacy-encodings.ts'

export interface Decoded {
  readonly text: string
  /** WHATWG name, e.g. `utf-8`, `windows-1252`, `shift_jis`. */
  readonly encoding: string
}

/**
 * Decodes bytes as browsers do: by a byte order mark, then by the declared `charset`, then by what an HTML
 * document declares itself. Without any of these: UTF-8 if the bytes are valid UTF-8, UTF-16 if every other
 * byte is zero, an East Asian or Cyrillic encoding if the text reads like one, and windows-1252 otherwise.
 *
 * @throws RevectorError PARSE_FAILED when the declared encoding is unknown
 */
export function decodeText(
  bytes: Uint8Array,
  options: { charset?: string | null; html?: boolean } = {},
): Decoded {
  const mark = byteOrderMark(bytes)
  if (mark !== null) return decodeAs(bytes, mark)
  const said = options.charset ?? (options.html === true ? metaCharset(bytes) : null)
  if (said !== null && isKnown(said)) return decodeAs(bytes, said)
  if (options.charset != null && !isKnown(options.charset)) {
    throw new RevectorError(
      'PARSE_FAILED',
      `The text is declared to be in “${options.charset}”, an unknown encoding.`,
      { hint: 'Declare an encoding that browsers support, or none.' },
    )
  }
  const wide = looksUtf16(bytes)
  if (wide !== null) return decodeAs(bytes, wide)
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes), encoding: 'utf-8' }
  } catch {
    return decodeAs(bytes, guessLegacyEncoding(bytes) ?? 'windows-1252')
  }
}

function decodeAs(bytes: Uint8Array, label: string): Decoded {
  const decoder = new TextDecoder(label)
  const text = decoder.encoding === 'windows-1252' ? decodeWestern(bytes) : decoder.decode(bytes)
  return { text, encoding: decoder.encoding }
}

/** The characters of windows-1252 where ISO 8859-1 has control characters. */
const western = '€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ'

/** Node 20's own decoder reads windows-1252 as ISO 8859-1, losing the euro sign, dashes and quotation marks. */
function decodeWestern(bytes: Uint8Array): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
  return text.replace(/[\u0080-\u009f]/g, (control) => western.charAt(control.charCodeAt(0) - 0x80))
}

function isKnown(label: string): boolean {
  try {
    new TextDecoder(label)
    return true
  } catch {
    return false
  }
}

function byteOrderMark(bytes: Uint8Array): string | null {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return 'utf-8'
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le'
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be'
  return null
}

/** Browsers check the first 1,024 bytes; documents that declare it later are supported too. */
const metaReach = 8192

function metaCharset(bytes: Uint8Array): string | null {
  const head = Buffer.from(bytes.subarray(0, metaReach))
    .toString('latin1')
    .replace(/<!--[\s\S]*?-->/g, '')
  const meta =
    /<meta\s[^>]*?charset\s*=\s*["']?\s*([\w.:-]+)/i.exec(head)?.[1] ??
    /^\s*<\?xml[^>]*?encoding\s*=\s*["']([\w.:-]+)/i.exec(head)?.[1]
  if (meta === undefined) return null
  // A declaration that is readable as ASCII can't be UTF-16.
  return /^utf-?16/i.test(meta) ? 'utf-8' : meta
}

/** UTF-16 without a byte order mark: every other byte of text with Latin letters or spaces is zero. */
export function looksUtf16(bytes: Uint8Array): 'utf-16le' | 'utf-16be' | null {
  const length = Math.min(bytes.length, 8192) & ~1
  if (length < 4 || bytes.length % 2 === 1) return null
  let even = 0
  let odd = 0
  for (let index = 0; index < length; index += 2) {
    if (bytes[index] === 0) even++
    if (bytes[index + 1] === 0) odd++
    if (bytes[index] === 0 && bytes[index + 1] === 0) return null
  }
  const units = length / 2
  if (odd > units * 0.4 && even < units * 0.02) return 'utf-16le'
  if (even > units * 0.4 && odd < units * 0.02) return 'utf-16be'
  return null
}
