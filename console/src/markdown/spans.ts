/** A stretch of what people read, all in one style and in one piece of the source. */
export interface Span {
  readonly text: string
  /** Offset of its first character in the source; the others follow one by one. */
  readonly at: number
  readonly code?: true
  readonly strong?: true
  readonly em?: true
}

/** Text whose line beginnings may be taken out: each character with its offset in the source. */
export interface Line {
  readonly text: string
  readonly at: number
}

type Style = Pick<Span, 'code' | 'strong' | 'em'>

const marks = [
  // `code`, ``with ` in it``
  '(?<fence>`+)(?<code>[^`\\n](?:[\\s\\S]*?[^`])?)\\k<fence>(?!`)',
  '(?<strongMark>\\*\\*|(?<!\\w)__)(?=\\S)(?<strong>[\\s\\S]*?\\S)\\k<strongMark>(?![*_])(?:(?<=\\*)|(?!\\w))',
  '(?<![\\w*])\\*(?=[^\\s*])(?<em>[^*]*?[^\\s*])\\*(?![\\w*])',
  '(?<![\\w_])_(?=[^\\s_])(?<under>[^_]*?[^\\s_])_(?![\\w_])',
  // [text](address), ![what a picture shows](address)
  '!?\\[(?<link>[^\\[\\]]*)\\]\\([^()\\n]*(?:\\([^()\\n]*\\)[^()\\n]*)?\\)',
  '<(?<address>https?:[^\\s<>]+)>',
  '\\\\(?<escaped>[!-/:-@[-`{-~])',
  // One without its other half: a chunk or a quotation may begin or end between the two.
  '(?<![\\w*])\\*\\*(?=[^\\s*])|(?<=[^\\s*])\\*\\*(?![\\w*])',
].join('|')

/** What inline marks of Markdown make of some lines of one paragraph. Addresses are left out, their words kept. */
export function spansOf(lines: readonly Line[]): readonly Span[] {
  const offsets: number[] = []
  let text = ''
  for (const line of lines) {
    // Lines that were only wrapped flow again.
    if (text !== '') {
      text += ' '
      offsets.push(line.at - 1)
    }
    for (let place = 0; place < line.text.length; place++) offsets.push(line.at + place)
    text += line.text
  }
  const spans: Span[] = []
  read(text, offsets, {}, spans)
  return spans
}

function read(text: string, offsets: readonly number[], style: Style, spans: Span[]): void {
  let done = 0
  for (const found of text.matchAll(new RegExp(marks, 'gd'))) {
    push(text.slice(done, found.index), offsets.slice(done), style, spans)
    done = found.index + found[0].length
    const inside = found.indices?.groups ?? {}
    for (const [name, more] of Object.entries(styles)) {
      const range = inside[name]
      if (range === undefined) continue
      const [from, to] = range
      const part = text.slice(from, to)
      if (name === 'code' || name === 'escaped' || name === 'address') {
        push(part, offsets.slice(from), { ...style, ...more }, spans)
      } else read(part, offsets.slice(from, to), { ...style, ...more }, spans)
    }
  }
  push(text.slice(done), offsets.slice(done), style, spans)
}

const styles: Readonly<Record<string, Style>> = {
  code: { code: true },
  strong: { strong: true },
  em: { em: true },
  under: { em: true },
  link: {},
  address: {},
  escaped: {},
}

/** In as many pieces as the source has gaps. */
function push(text: string, offsets: readonly number[], style: Style, spans: Span[]): void {
  let begin = 0
  for (let place = 1; place <= text.length; place++) {
    if (place < text.length && offsets[place] === (offsets[place - 1] ?? 0) + 1) continue
    spans.push({ text: text.slice(begin, place), at: offsets[begin] ?? 0, ...style })
    begin = place
  }
}
