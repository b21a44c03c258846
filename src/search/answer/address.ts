/** Decides whether an address that a language model wrote may stay. */
export type AllowsLink = (url: string) => boolean

const longest = 2_000
export const removedAddress = '(address removed)'

/** Beginnings of a bare address. */
const begins = /^(?:https?:\/\/|www\.)/i
const bare = /^(?:https?:\/\/|www\.)[^\s<>"`[\]【】]*/i
const asLink = /^:|^\(\s*<?(?:[a-z][a-z0-9+.-]*:|\/|#|www\.)/i

/**
 * The bare address at the start of the text, without the punctuation that ends the sentence. Null: it is
 * incomplete.
 */
export function bareAddress(text: string, final: boolean): string | null {
  const found = bare.exec(text)?.[0] ?? ''
  if (found.length === text.length && found.length < longest && !final) return null
  return found.replace(/[.,;:!?)}*_'’”]+$/, '')
}

export function beginsAddress(text: string): boolean {
  return begins.test(text)
}

/** `(url)` or `: url` directly after a bracket; empty: none; null: it is incomplete. */
export function addressBehind(text: string, final: boolean): string | null {
  const definition = /^:[ \t]*<?(?:https?|data|ftp|file|javascript):\S*/i.exec(text)
  if (definition !== null) return definition[0].length === text.length && !final ? null : definition[0]
  if (!text.startsWith('(')) return !final && /^:[ \t]*<?[a-z]{0,10}$/i.test(text) ? null : ''
  let depth = 0
  for (let at = 0; at < text.length && at < longest; at += 1) {
    const character = text.charAt(at)
    // Only an incomplete address is followed by a new line.
    if (character === '\n') return text.slice(0, at)
    if (character === '(') depth += 1
    if (character === ')') depth -= 1
    if (depth === 0) return text.slice(0, at + 1)
  }
  return final || text.length >= longest ? text : null
}

export function looksLikeAddress(behind: string): boolean {
  return asLink.test(behind)
}

/** The address in `(url "title")`. */
export function urlIn(behind: string): string {
  return /^\(\s*<?([^\s>)]*)/.exec(behind)?.[1] ?? ''
}

/**
 * In code, brackets are brackets, and only whole links and pictures lose an address that was not in the
 * passages.
 */
export function withoutLinks(code: string, allowsLink: AllowsLink): string {
  return code.replace(/(!?)(\[[^\]\n]*\])\(\s*<?(https?:[^)\s>]*)[^)\n]*\)?/gi, (whole, mark, words, url) =>
    mark === '' && allowsLink(url) ? whole : `${mark}${words}`,
  )
}

/** HTML tags by which a page loads something or leads away. */
const loads =
  /^<\/?(?:a|applet|audio|base|embed|form|frame|iframe|image|img|input|link|meta|object|picture|script|source|style|svg|track|video)(?![a-z0-9-])/i
const longestTag = 9

/** Null: it is incomplete. */
export function beginsLoadingTag(text: string, final: boolean): boolean | null {
  if (!final && text.length <= longestTag && /^<\/?[a-z]*$/i.test(text)) return null
  return loads.test(text)
}
