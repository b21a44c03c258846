import { expect, test, vi } from 'vitest'
import { readAndSplit } from '../../src/ingest/read-and-split.ts'
import { splitDocument } from '../../src/splitting/split.ts'
import { documentOf } from './documents.ts'

/** Marks of Markdown and HTML, letters, signs, digits, spaces and joiners that a document repeats to do harm. */
const repeated = [
  ...[
    '![',
    '[',
    '](',
    '](<',
    '[]()',
    '[a]:',
    '[^1]',
    '[[',
    '![](data:a/b,',
    '**',
    '*_',
    '*a**',
    '_',
    '~~',
    '`',
    'a`b',
  ],
  ...[
    '<',
    '<a ',
    '<a href="',
    '<!--',
    '<?',
    '<div>',
    '</p>',
    '<b>',
    '<td>',
    '<script>',
    '&',
    '&amp;',
    '&#x',
    '<img ',
  ],
  ...[
    '| ',
    '|-|\n',
    'a|b\n-|-\n',
    '> ',
    '>',
    '\n# ',
    '# a\n',
    '#',
    'a\n===\n',
    '=\n',
    '-\n',
    '-',
    '---\n',
    ':\n',
  ],
  ...[
    '\n- ',
    '\n  - ',
    '\n1. ',
    '- - ',
    '```\n',
    '~~~\n',
    '\n\n',
    '\t',
    '\n    ',
    'a\n',
    'a',
    'a ',
    '0',
    '\\',
    '"',
  ],
  ...[
    'é',
    'e\u0301',
    '\u0301',
    'a\u200d',
    '👩‍👩‍👧',
    '字',
    '。',
    'ก',
    'あ',
    '. ',
    'A. ',
    "a'",
    'a.b',
    '{#',
    '{',
  ],
]

const text = (pattern: string, length: number): string =>
  `x${pattern.repeat(Math.ceil(length / pattern.length))}`

test('splitting counts and segments each character a bounded number of times', () => {
  let units = 0
  const real = Intl.Segmenter.prototype.segment
  const segment = vi.spyOn(Intl.Segmenter.prototype, 'segment').mockImplementation(function (
    this: Intl.Segmenter,
    part: string,
  ) {
    units += part.length
    return real.call(this, part)
  })
  const countTokens = (part: string): number => {
    units += part.length
    return Math.ceil(part.length / 3)
  }
  const most = repeated.map((pattern) => {
    const long = text(pattern, 20_000)
    units = 0
    splitDocument(documentOf(long), { maxTokens: 64, countTokens })
    return { pattern, passes: units / long.length }
  })
  segment.mockRestore()
  expect(most.filter(({ passes }) => passes > mostPasses)).toEqual([])
})

/** Measured on a third of them: up to 18. */
const mostPasses = 40

/** Linear work takes 8 times as long for 8 times the text, or twice that when it leaves the processor's cache; square work 64 times. */
const growth = 8
const mostGrowth = 40

test('reading and splitting takes linear time', async () => {
  const slow: object[] = []
  for (const [index, pattern] of repeated.entries()) {
    // Plain text goes through fewer steps.
    const mediaType = index % 4 === 0 ? 'text/plain' : 'text/markdown'
    const least = { short: Number.POSITIVE_INFINITY, long: Number.POSITIVE_INFINITY }
    // Other work on the machine only adds to a time, so the least of a few is the true one.
    for (let attempt = 0; attempt < 8; attempt++) {
      least.short = Math.min(least.short, await processorTime(text(pattern, 8_000), mediaType))
      least.long = Math.min(least.long, await processorTime(text(pattern, 8_000 * growth), mediaType))
      if (least.long < mostGrowth * least.short) break
    }
    if (least.long >= mostGrowth * least.short) slow.push({ pattern, mediaType, ...least })
  }
  expect(slow).toEqual([])
})

async function processorTime(content: string, mediaType: string): Promise<number> {
  const bytes = new TextEncoder().encode(content)
  const type = { format: mediaType === 'text/plain' ? 'text' : 'markdown', mediaType, charset: null } as const
  const limits = { maxTextLength: 1e6, maxUnpackedBytes: 1e6, maxPages: 1 }
  const before = process.cpuUsage()
  await readAndSplit({ bytes, type, fallbackTitle: 'x', limits, chunks: {} })
  const { user, system } = process.cpuUsage(before)
  return user + system
}
