/*
 * A picture inside a text is thousands of characters that no search can find and that a provider would charge for. What
 * describes it stays. Every expression takes linear time: what it repeats excludes what it begins with.
 */

/** Without the payload. Nothing but quotes, brackets and white space ends the payload of a URI. */
const uri = String.raw`data:(?:[\w.+-]{1,80}/[\w.+-]{1,80})?(?:;[\w.+=-]{1,80}){0,5},`
const payload = '[^\\s"\'()<>\\[\\]\\\\`]*'

const htmlImage = /<img\b[^<>]*>/gi
const dataSource = /\bsrc\s{0,9}=\s{0,9}["']?\s{0,9}data:/i
const alternative = /\balt\s{0,9}=\s{0,9}(?:"([^"]*)"|'([^']*)'|([^\s"'<>]+))/i
const link = new RegExp(String.raw`!?\[([^[\]]*)\]\(\s*<?${uri}[^\s<>()]*>?(?:\s+"[^"]*")?\s*\)`, 'gi')
const definition = new RegExp(String.raw`^ {0,3}\[([^[\]\n]+)\]:[ \t]*<?${uri}[^\n]*(?:\n|$)`, 'gim')
const reference = /!?\[([^[\]]*)\]\[([^[\]]*)\]/g
const bare = new RegExp(`(${uri})(${payload})`, 'gi')
/** A shorter one, in an example for instance, costs nothing. */
const longestPayload = 100

/** Markdown or MDX in which each `data:` URI is replaced by what describes it. */
export function withoutDataUris(markdown: string): string {
  if (!/data:/i.test(markdown)) return markdown
  const dropped = new Set<string>()
  const text = markdown
    .replace(htmlImage, (tag) => (dataSource.test(tag) ? alternativeOf(tag) : tag))
    .replace(link, (_, description: string) => description)
    .replace(definition, (_, name: string) => {
      dropped.add(name.trim().toLowerCase())
      return ''
    })
    .replace(bare, shortened)
  if (dropped.size === 0) return text
  return text.replace(reference, (whole, description: string, name: string) =>
    dropped.has((name === '' ? description : name).trim().toLowerCase()) ? description : whole,
  )
}

/** HTML before it is parsed: the attributes stay, as long payloads are what costs. */
export function shortenDataUris(source: string): string {
  return source.replace(bare, shortened)
}

function shortened(whole: string, scheme: string, data: string): string {
  return data.length > longestPayload ? `${scheme}…` : whole
}

function alternativeOf(tag: string): string {
  const found = alternative.exec(tag)
  return (found?.[1] ?? found?.[2] ?? found?.[3] ?? '').trim()
}
