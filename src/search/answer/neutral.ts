import { beginsLoadingTag } from './address.ts'

/**
 * Invisible characters that steer a user, a terminal or a language model: control characters, directions, tags,
 * zero-width spaces. Joiners stay between letters of the scripts that need them.
 */
const invisible =
  /(?![\n\t])\p{Cc}|(?<![^\p{ASCII}])[\u200c\u200d]|[\u200c\u200d](?![^\p{ASCII}])|[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\u{e0000}-\u{e0fff}]/gu

/** Marks that tell language models who is speaking, or that a tool did. */
const roles =
  /<[|｜][^|｜>\n]{0,40}[|｜]>|<\/?(?:s|bos|eos|think)>|<<\/?SYS>>|\[\/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS)\]|<\/?(?:start|end)_of_turn>/gi

const numbered = '\\s*\\p{Nd}{1,3}(?:\\s*[,;、，–-]\\s*\\p{Nd}{1,3})*\\s*'
const square = `\\[${numbered}\\]`
const foreign = `(?:［${numbered}］|〔${numbered}〕|【\\s*\\p{Nd}{1,3}[^】\\n]{0,40}】)`
/** `[3]` and the like: it would look like a citation. */
const marker = new RegExp(`(?:${square}|${foreign})`, 'gu')
/** The same, except for square brackets directly after a word, as in code. */
const looseMarker = new RegExp(`(?:(?<![\\p{L}\\p{N}_\\])])${square}|${foreign})(?:${square})*`, 'gu')

/** Text of a document as a language model may see it: all of it, but nothing that looks like our own markup. */
export function asData(text: string): string {
  return text
    .replace(invisible, '')
    .replace(roles, (mark) => mark.replace(/[<[]/g, '(').replace(/[>\]]/g, ')'))
    .replace(/<(?=\s*\/?\s*passage)/gi, '‹')
    .replace(looseMarker, withoutBrackets)
}

/** Code as it is, or emphasis with its content. */
const emphasis =
  /(`[^`]+`)|(?<![\w*\\])\*{1,3}(?=[^\s*])([^*]+?)(?<=[^\s*])\*{1,3}(?![\w*])|(?<![\w/])__(?=\S)([^_]+?)(?<=\S)__(?!\w)/g
/** For emphasis that began in the sentence before, or ends in the next. */
const half = /(`[^`]+`)|(?<!\w)\*\*|\*\*(?!\w)/g
const escaped = /(`[^`]+`)|\\([*_|#~+-])/g
const inline = /!?\[([^[\]]*)\]\((?:[^()]|\([^()]*\))*\)/g
const byReference = /(?<!\w)!?\[([^[\]]*)\]\[[^[\]]*[^[\]\d\s][^[\]]*\]/g
const footnote = /\[\^[^[\]\s]+\]/g

/** The text of links and the descriptions of pictures, also if one is inside the other. */
function withoutAddresses(text: string): string {
  let [before, now] = ['', text]
  while (now !== before) [before, now] = [now, now.replace(inline, '$1').replace(byReference, '$1')]
  // The rest of an incomplete one leads nowhere.
  return now.replace(footnote, '').replaceAll('](', '] (')
}

/**
 * A part of a document as text of an answer: on one line, without markers, pictures, link addresses or Markdown
 * marks.
 */
export function asText(text: string): string {
  const line = text
    .replace(invisible, '')
    .replace(/\s*\n[ \t]*(?:>[ \t]?)*/g, ' ')
    .replace(/^\s*(?:#{1,6}|[-*+•>]|\d{1,3}[.)])\s+/, '')
    .replace(emphasis, '$1$2$3')
    .replace(half, '$1')
    .replace(escaped, '$1$2')
  return withoutAddresses(line)
    .replace(/<\/?[a-z][^<>\n]{0,500}>/gi, (tag) => (beginsLoadingTag(tag, true) === true ? '' : tag))
    .split(/(`[^`\n]+`)/)
    .map((piece, i) => (i % 2 === 0 ? piece.replace(marker, withoutBrackets) : piece))
    .join('')
    .replace(/\s+/g, ' ')
    .trim()
}

function withoutBrackets(found: string): string {
  return found.replace(/[[【［〔]/g, '(').replace(/[\]】］〕]/g, ')')
}

/** For the value of a tag's attribute: on one line, without quotes. */
export function asAttribute(text: string): string {
  return asData(text)
    .replace(/["<>\s]+/g, ' ')
    .trim()
    .slice(0, 200)
    .replace(/[\ud800-\udbff]$/, '')
}
