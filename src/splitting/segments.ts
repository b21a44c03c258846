// Segmenting takes quadratic time (measured on Node 20: 190 s for 400,000 graphemes in one call), so text is
// processed in windows. English rules: the machine's own locale must not change chunks.
const windowLength = 400
const undecided = 32
const segmenters = {
  sentence: new Intl.Segmenter('en', { granularity: 'sentence' }),
  word: new Intl.Segmenter('en', { granularity: 'word' }),
  grapheme: new Intl.Segmenter('en', { granularity: 'grapheme' }),
}

// Characters that combine with no neighbour: a grapheme ends between any two of them.
const loners = String.raw`\t\n\x20-\x7e\u00a1-\u00a8\u00aa-\u00ac\u00b0-\u02ff\u0370-\u0482\u048a-\u052f\u3001-\u3029\u3041-\u3096\u30a1-\u30fc\u4e00-\u9fff\uff01-\uff9d`
const loner = new RegExp(`[${loners}]`)
const joiner = new RegExp(`[^${loners}]`)

/**
 * Offsets strictly between `start` and `end` at which a sentence, word or grapheme begins, none of them inside
 * a grapheme. A line feed inside a sentence doesn't end it. `start` must be the beginning of a grapheme.
 */
export function boundaries(
  text: string,
  range: { readonly start: number; readonly end: number },
  granularity: keyof typeof segmenters,
): number[] {
  const found: number[] = []
  let start = range.start
  let length = windowLength
  while (start < range.end) {
    const stop = Math.min(range.end, start + length)
    const window = text.slice(start, stop)
    const inWindow = segmentStarts(window, granularity)
    if (stop === range.end) {
      for (const offset of inWindow) found.push(start + offset)
      break
    }
    // Where a segment begins may depend on what follows, so the end of the window decides nothing.
    const sure = inWindow.filter((offset) => offset < window.length - undecided)
    for (const offset of sure) found.push(start + offset)
    const last = sure.at(-1)
    if (last !== undefined) {
      start += last
      length = windowLength
    } else if (granularity === 'grapheme' || length < windowLength * 8) {
      length *= 2
    } else {
      // A sentence or word that does not end within a window is cut more finely.
      const graphemes = segmentStarts(window, 'grapheme').filter(
        (offset) => offset < window.length - undecided,
      )
      start += graphemes.at(-1) ?? window.length
      found.push(start)
      length = windowLength
    }
  }
  return found
}

/** Signs that form no word, each of which is a segment of its own among others of them. */
const signsOnly = /^[!-/:-@[-^`{-~]+$/

/** Without the first, which is always 0. */
function segmentStarts(window: string, granularity: keyof typeof segmenters): number[] {
  // The segmenter takes a microsecond for each segment, and these have one for each character.
  const single =
    (granularity === 'grapheme' && !joiner.test(window)) || (granularity === 'word' && signsOnly.test(window))
  if (single) return Array.from({ length: Math.max(0, window.length - 1) }, (_, index) => index + 1)
  const input = granularity === 'sentence' ? window.replaceAll('\n', ' ') : window
  const starts: number[] = []
  for (const segment of segmenters[granularity].segment(input)) starts.push(segment.index)
  starts.shift()
  if (granularity === 'grapheme' || !joiner.test(window)) return starts
  const graphemes = new Set(segmentStarts(window, 'grapheme'))
  return starts.filter((start) => graphemes.has(start))
}

/** Whether white space at `offset` begins a grapheme: a few marks of some scripts combine with it. */
export function beginsGrapheme(text: string, offset: number): boolean {
  if (loner.test(text.charAt(offset - 1))) return true
  const before = Math.max(0, offset - 8)
  return (
    segmenters.grapheme.segment(text.slice(before, offset + 1)).containing(offset - before)?.index ===
    offset - before
  )
}
