/** Characters that cannot be seen and steer a reader, a terminal or a language model: controls, directions, tags, blanks of no width. */
const invisible =
  /(?![\n\t])\p{Cc}|[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\u{e0000}-\u{e0fff}]/gu

/** Marks by which language models are told who speaks. */
const roles = /<\|[^|>\n]{0,40}\|>|<\/?s>|<<\/?SYS>>|\[\/?INST\]|<\/?(?:start|end)_of_turn>/gi

/** `[3]` and the like where it is not part of code: it would pass for a citation. */
const marker =
  /(?:(?<![\p{L}\p{N}_\])])\[\s*\d{1,3}(?:\s*[,;–-]\s*\d{1,3})*\s*\]|【\s*\d{1,3}[^】\n]{0,40}】)(?:\[\s*\d{1,3}\s*\])*/gu

/** Words of a document as a language model may see them: all of the text, nothing that passes for ours. */
export function asData(text: string): string {
  return text
    .replace(invisible, '')
    .replace(roles, (mark) => mark.replace(/[<[]/g, '(').replace(/[>\]]/g, ')'))
    .replace(/<(?=\s*\/?\s*passage)/gi, '‹')
    .replace(marker, withoutBrackets)
}

/** A stretch of a document as part of an answer's text: on one line, without markers, pictures or addresses of links. */
export function asText(text: string): string {
  return text
    .replace(invisible, '')
    .replace(/^\s*(?:#{1,6}|[-*+•>]|\d{1,3}[.)])\s+/, '')
    .replace(/!?\[([^\]\n]*)\]\([^)\n]*\)/g, '$1')
    .replace(marker, withoutBrackets)
    .replace(/\s+/g, ' ')
    .trim()
}

function withoutBrackets(found: string): string {
  return found.replace(/[[【]/g, '(').replace(/[\]】]/g, ')')
}

/** For what stands in an attribute of a tag: on one line, without quotes. */
export function asAttribute(text: string): string {
  return asData(text)
    .replace(/["<>\s]+/g, ' ')
    .trim()
    .slice(0, 200)
}
