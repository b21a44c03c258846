export interface Line {
  readonly start: number
  /** After the line feed. */
  readonly end: number
  /** The first part of the line without its indentation and line feed: what tells its role. */
  readonly text: string
  /** In columns; a tab goes to the next multiple of four. */
  readonly indent: number
  /** Only white space. */
  readonly blank: boolean
  whole(): string
}

/** Marks that decide what a line is stand at its beginning, so a line of a megabyte needs no copy. */
const readPerLine = 2000

export function* linesOf(text: string, from = 0, to = text.length): Generator<Line> {
  // Looking for a line feed must not run past `to`, or many small spans of a long line cost its square.
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
