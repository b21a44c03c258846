export interface Line {
  readonly start: number
  /** After the line feed. */
  readonly end: number
  /** The beginning of the line without indentation and line feed: enough to tell its role. */
  readonly text: string
  /** In columns; a tab advances to the next multiple of four. */
  readonly indent: number
  /** Only white space. */
  readonly blank: boolean
  whole(): string
}

/** The marks that decide what a line is are at its beginning, so a line of a megabyte needs no copy. */
const readPerLine = 2000

export function* linesOf(text: string, from = 0, to = text.length): Generator<Line> {
  // The search for a line feed must not pass `to`, or many small spans of a long line take quadratic time.
  const part = from === 0 && to === text.length ? text : text.slice(from, to)
  let start = from
  while (start < to) {
    const feed = part.indexOf('\n', start - from)
    const stop = feed === -1 ? to : from + feed
    const end = feed === -1 ? to : stop + 1
    let cursor = start
    let indent = 0
    for (; cursor < stop; cursor++) {
      const unit = text.charCodeAt(cursor)
      if (unit === 0x20) indent++
      else if (unit === 0x09) indent += 4 - (indent % 4)
      else break
    }
    const lineStart = start
    const head = text.slice(cursor, Math.min(stop, cursor + readPerLine))
    yield {
      start,
      end,
      text: head,
      indent,
      blank: head.trim() === '' && (stop - cursor <= readPerLine || text.slice(cursor, stop).trim() === ''),
      whole: () => text.slice(lineStart, stop),
    }
    start = end
  }
}
