/** A stretch of what people read, all in one style and in one piece of the source. */
export interface Span {
  readonly text: string
  /** Offset of its first character in the source; the others follow one by one. */
  readonly at: number
  readonly code?: true
  readonly strong?: true
  readonly em?: true
}

export type Style = 'code' | 'strong' | 'em'

/** Nothing but tags of HTML, as they lay out a README. */
const tags = /^[ \t]*(?:<\/?[a-z][^<>]*>[ \t]*)+$/i
/** One without its other half: a chunk or a quotation may begin or end between the two. */
const halfMark = /(?<![\w*])\*\*(?=[^\s*])|(?<=[^\s*])\*\*(?![\w*])/

/** The words of one block, as they come. */
export function createWords(newLine: '\n' | ' ') {
  const lines: Span[][] = [[]]
  const push = (text: string, at: number, styles: ReadonlySet<Style>): void => {
    const style: Partial<Record<Style, true>> = Object.fromEntries([...styles].map((name) => [name, true]))
    lines.at(-1)?.push({ text, at, ...style })
  }
  return {
    push,
    /** Lines that were only wrapped flow again; those of code stay. */
    endLine(at: number, styles: ReadonlySet<Style>): void {
      push(newLine, at, styles)
      lines.push([])
    },
    spans(): readonly Span[] {
      if (newLine === '\n') return trimmed(lines.flat())
      const read = lines.filter((line) => !tags.test(line.map(({ text }) => text).join('')))
      return trimmed(joined(read.flat()).flatMap(withoutHalfMarks))
    },
  }
}

/** Without the ends of lines around it. */
function trimmed(spans: readonly Span[]): readonly Span[] {
  const isEnd = (span: Span | undefined): boolean => span?.text === '\n' || span?.text === ' '
  return spans.slice(isEnd(spans[0]) ? 1 : 0, isEnd(spans.at(-1)) && spans.length > 1 ? -1 : undefined)
}

/** What follows the other in the source, and looks like it, is one. */
function joined(spans: readonly Span[]): readonly Span[] {
  const whole: Span[] = []
  for (const span of spans) {
    const last = whole.at(-1)
    const follows =
      last !== undefined &&
      last.at + last.text.length === span.at &&
      last.code === span.code &&
      last.strong === span.strong &&
      last.em === span.em
    if (follows) whole.splice(-1, 1, { ...last, text: last.text + span.text })
    else whole.push(span)
  }
  return whole
}

function withoutHalfMarks(span: Span): readonly Span[] {
  if (span.code === true) return [span]
  let { at } = span
  const pieces = span.text.split(halfMark).map((text) => {
    const piece = { ...span, text, at }
    at += text.length + '**'.length
    return piece
  })
  return pieces.filter(({ text }) => text !== '')
}
