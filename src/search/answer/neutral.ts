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

/** A stretch of a document as part of an answer's text: on one line, without markers, pictures or addresses of links. */
export function asText(text: string): string {
  return text
    .replace(invisible, '')
    .replace(/^\s*(?:#{1,6}|[-*+•>]|\d{1,3}[.)])\s+/, '')
    .replace(/!?\[([^\]\n]*)\]\((?:[^()\n]|\([^()\n]*\))*\)/g, '$1')
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
