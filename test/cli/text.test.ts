import { describe, expect, it } from 'vitest'
import { gatesText } from '../../src/cli/migration-text.ts'
import { hitsText } from '../../src/cli/search.ts'
import { snippet } from '../../src/cli/snippet.ts'
import {
  bytes,
  cut,
  displayWidth,
  percent,
  plain,
  seconds,
  styleFor,
  table,
  wrap,
} from '../../src/cli/text.ts'
import type { GateResult } from '../../src/wire/migration.ts'
import type { SearchResult } from '../../src/wire/search.ts'

const style = styleFor(false)

describe('text in a terminal', () => {
  it('cannot steer it', () => {
    expect(plain('a\u001b[31mred\u001b[0m\r\n\tb\u0007\u202e')).toBe('ared b')
  })
  it.each([
    ['abc', 3],
    ['日本', 4],
    ['e\u0301', 1],
    ['\u001b[1mab\u001b[0m', 2],
  ])('%s is %i wide', (text, width) => expect(displayWidth(text)).toBe(width))
  it('is cut and wrapped by columns', () => {
    expect(cut('日本語です', 6)).toBe('日本…')
    expect(wrap('the quick brown fox', 9)).toEqual(['the quick', 'brown fox'])
    expect(wrap('incomprehensibilities', 9)).toEqual(['incompre…'])
  })
  it('stands in columns without trailing blanks', () => {
    const text = table(
      [{ header: 'NAME' }, { header: 'N', align: 'right' }, { header: 'X' }],
      [
        ['日本', '5', ''],
        ['abcdef', '1,000', 'y'],
      ],
      style,
    )
    expect(text.split('\n')).toEqual(['NAME        N  X', '日本        5', 'abcdef  1,000  y'])
  })
  it('has colours only where they are wanted', () => {
    expect(styleFor(true).red('x')).toBe('\u001b[31mx\u001b[39m')
    expect(style.red('x')).toBe('x')
  })
})

describe('numbers', () => {
  it.each([
    [1, '100 %'],
    [0.9999, '99.9 %'],
    [0.5, '50 %'],
    [0.012, '1.2 %'],
    [0.0001, '< 0.1 %'],
    [0, '0.0 %'],
  ])('the share %f is %s', (share, text) => expect(percent(share)).toBe(text))
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [81_920, '81.9 kB'],
    [123_456_789, '123 MB'],
  ])('%i bytes are %s', (n, text) => expect(bytes(n)).toBe(text))
  it.each([
    [0.0041, '4 ms'],
    [1.25, '1.3 s'],
    [3_600, '60 min 0 s'],
  ])('%f seconds are %s', (n, text) => expect(seconds(n)).toBe(text))
})

describe('a snippet', () => {
  const filler = 'Nothing of interest stands in this sentence. '.repeat(20)
  it('is the passage when that is short', () => expect(snippet('short', 'x', 100)).toBe('short'))
  it('is where the words of the question stand', () => {
    const text = snippet(
      `${filler}Closing the pool waits for all clients. ${filler}`,
      'how do I close a pool',
      120,
    )
    expect(text).toMatch(/^….*Closing the pool waits/)
    expect(text.length).toBeLessThanOrEqual(122)
    expect(text.endsWith('…')).toBe(true)
  })
  it('is the beginning when no word is found', () => {
    expect(snippet(filler, 'zebra', 60)).toMatch(/^Nothing of interest/)
  })
})

describe('the gates of a migration', () => {
  it('tell what passed from what was accepted, failed or was not measured', () => {
    const gate = { expected: 'all', overridden: false, passed: true, required: true, data: { chunks: 1 } }
    const gates: GateResult[] = [
      { ...gate, gate: 'coverage', measured: '2 of 2' },
      { ...gate, gate: 'recall', measured: '0.5', passed: false },
      { ...gate, gate: 'vectors', measured: '1', passed: false, overridden: true },
      { ...gate, gate: 'overlap', measured: '0.26', required: false },
      { ...gate, gate: 'quality', measured: 'not judged', required: false, data: {} },
    ]
    expect(gatesText({ at: new Date(), passed: false, gates }, style).split('\n')).toEqual([
      'ok    coverage  2 of 2',
      'FAIL  recall    0.5; expected: all',
      'ok    vectors   1; expected: all (overridden)',
      'ok    overlap   0.26',
      '–     quality   not judged',
    ])
  })
})

describe('the hits of a search', () => {
  const result: SearchResult = {
    query: 'close the pool',
    models: ['small', 'large'],
    aggregation: 'union',
    coverage: { small: 1, large: 0.4321 },
    tookMs: 4.1,
    hits: [
      {
        rank: 1,
        chunkId: '7',
        documentId: '3',
        title: 'Pools',
        content: '## Closing\n\nTo close the pool call end().\u001b[2J',
        score: 0.8312,
        distance: 0.1688,
        models: { small: { rank: 1, distance: 0.1688 }, large: { rank: 4, distance: 0.3 } },
        metadata: {},
        source: 'docs/pool.md',
        headingPath: ['Pools', 'Closing'],
        page: 3,
        startOffset: 0,
        endOffset: 10,
        updatedAt: new Date('2026-11-03T10:00:00Z'),
      },
    ],
  }
  it('say rank, score, place, source, ranks by model, words, and what could not be seen', () => {
    expect(hitsText(result, { style, width: 80 })).toMatchInlineSnapshot(`
      "1  0.831  Pools › Closing › page 3
         docs/pool.md
         small #1 at 0.169 · large #4 at 0.300
         To close the pool call end().

      Coverage 43 %: large has no vectors yet for the rest, so this answer can't see it."
    `)
  })
  it('are never nothing at all', () => {
    expect(hitsText({ ...result, hits: [], coverage: { small: 1 } }, { style, width: 80 })).toBe(
      'Nothing found.',
    )
  })
})
