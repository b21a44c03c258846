import { beginsLoadingTag } from './address.ts'

/**
 * Characters that cannot be seen and steer a reader, a terminal or a language model: controls, directions, tags, blanks of no
 * width. Joiners stay between letters of the scripts that are written with them.
 */
const invisible =
  /(?![\n\t])\p{Cc}|(?<![^\p{ASCII}])[\u200c\u200d]|[\u200c\u200d](?![^\p{ASCII}])|[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\u{e0000}-\u{e0fff}]/gu

/** Marks by which language models are told who speaks, or that a tool did. */
const roles =
  /<[|｜][^|｜>\n]{0,40}[|｜]>|<\/?(?:s|bos|eos|think)>|<<\/?SYS>>|\[\/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS)\]|<\/?(?:start|end)_of_turn>/gi

const numbered = '\\s*\\p{Nd}{1,3}(?:\\s*[,;、，–-]\\s*\\p{Nd}{1,3})*\\s*'
const square = `\\[${numbered}\\]`
const foreign = `(?:［${numbered}］|〔${numbered}〕|【\\s*\\p{Nd}{1,3}[^】\\n]{0,40}】)`
/** `[3]` and the like: it would pass for a citation. */
const marker = new RegExp(`(?:${square}|${foreign})`, 'gu')
/** The same, but for square brackets directly behind a word, as they stand in code. */
const looseMarker = new RegExp(`(?:(?<![\\p{L}\\p{N}_\\])])${square}|${foreign})(?:${square})*`, 'gu')

/** Words of a document as a language model may see them: all of the text, nothing that passes for ours. */
export function asData(text: string): string {
  return text
    .replace(invisible, '')
    .replace(roles, (mark) => mark.replace(/[<[]/g, '(').replace(/[>\]]/g, ')'))
    .replace(/<(?=\s*\/?\s*passage)/gi, '‹')
    .replace(looseMarker, withoutBrackets)
}

/** Code as it is, or emphasis with what is in it. */
const emphasis =
  /(`[^`]+`)|(?<![\w*\\])\*{1,3}(?=[^\s*])([^*]+?)(?<=[^\s*])\*{1,3}(?![\w*])|(?<![\w/])__(?=\S)([^_]+?)(?<=\S)__(?!\w)/g
/** Of emphasis that began in the sentence before, or ends in the next. */
const half = /(`[^`]+`)|(?<!\w)\*\*|\*\*(?!\w)/g
const escaped = /(`[^`]+`)|\\([*_|#~+-])/g
const inline = /!?\[([^[\]]*)\]\((?:[^()]|\([^()]*\))*\)/g
const byReference = /(?<!\w)!?\[([^[\]]*)\]\[[^[\]]*[^[\]\d\s][^[\]]*\]/g
const footnote = /\[\^[^[\]\s]+\]/g

/** The words of links and the descriptions of pictures, also where one is in the other. */
function withoutAddresses(text: string): string {
  let [before, now] = ['', text]
  while (now !== before) [before, now] = [now, now.replace(inline, '$1').replace(byReference, '$1')]
  // What is left of one that is not whole leads nowhere.
  return now.replace(footnote, '').replaceAll('](', '] (')
}

/**
 * A stretch of a document as part of an answer's text: on one line, without markers, pictures, addresses of links or the marks
 * of Markdown.
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

/** For what stands in an attribute of a tag: on one line, without quotes. */
export function asAttribute(text: string): string {
  return asData(text)
    .replace(/["<>\s]+/g, ' ')
    .trim()
    .slice(0, 200)
    .replace(/[\ud800-\udbff]$/, '')
}
