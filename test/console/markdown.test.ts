import { describe, expect, it } from 'vitest'
import { type Block, blocksOf, textOf } from '../../console/src/markdown/blocks.ts'
import { shortened } from '../../console/src/markdown/shorten.ts'
import type { Span } from '../../console/src/markdown/spans.ts'

const spansOf = (block: Block): readonly Span[] =>
  block.kind === 'table' ? block.rows.flatMap((row) => row.cells.flat()) : block.spans
const read = (source: string): string[] => blocksOf(source).map(textOf)

const passage = `## The cut-over

6. **After the cut-over the source stays written
   until it is \`retired\`.** Retiring is [refused](docs/x.md "why") while *it* is _current_.
- \`a | b\`: one
  and the same
  - deeper

> quoted
> twice

| claim | how to see it |
|---|:--|
| **one** | \`a \\| b\` |

![A drawing](x.png)

\`\`\`sh
npm test   # ** stays **
  and [this](too)
\`\`\`
`

describe('a passage as people read it', () => {
  it('has its marks taken out', () => {
    expect(blocksOf(passage).map((block) => [block.kind, textOf(block)])).toEqual([
      ['head', 'The cut-over'],
      [
        'item',
        'After the cut-over the source stays written until it is retired. Retiring is refused while it is current.',
      ],
      ['item', 'a | b: one and the same'],
      ['item', 'deeper'],
      ['quote', 'quoted twice'],
      ['table', 'claim how to see it one a \\| b'],
      ['text', 'A drawing'],
      ['code', 'npm test   # ** stays **\n  and [this](too)'],
    ])
  })

  it('knows where each character stood', () => {
    for (const block of blocksOf(passage)) {
      for (const { text, at } of spansOf(block)) {
        const source = passage.slice(at, at + text.length)
        expect(source.replaceAll(/\s/g, ' ')).toBe(text.replaceAll(/\s/g, ' '))
      }
    }
  })

  it('knows it inside quotes and lists, and between the rows of a table', () => {
    const nested = '> 1. **one\n>    two** `a\n>    b`\n>\n> > three\n\n- ```\n  x\n\n  y\n  ```\n'
    expect(blocksOf(nested).map((block) => [block.kind, textOf(block)])).toEqual([
      ['item', 'one two a b'],
      ['quote', 'three'],
      ['code', 'x\n\ny'],
    ])
    const rows = '| b \\| c | `d` |\n| e | **f** |\n\nText'
    expect(blocksOf(rows)).toMatchObject([{ kind: 'table', rows: [{ head: false }, { head: false }] }, {}])
    expect(read(rows)).toEqual(['b | c d e f', 'Text'])
    for (const text of [nested, rows]) {
      for (const span of blocksOf(text).flatMap(spansOf)) {
        const source = text.slice(span.at, span.at + span.text.length)
        expect(source.replaceAll(/\s/g, ' ')).toBe(span.text.replaceAll(/\s/g, ' '))
      }
    }
  })

  it('reads points and tasks as items, and numbers in brackets as citations', () => {
    expect(blocksOf('• one\n• two\n\n- [x] three')).toMatchObject([
      { kind: 'item', sign: '•', depth: 0 },
      { kind: 'item', sign: '•', depth: 0 },
      { kind: 'item', sign: '•', depth: 0 },
    ])
    expect(read('• one\n• two\n\n- [x] three')).toEqual(['one', 'two', 'three'])
    expect(read('As told [1].\n\n[1]: https://example.com')).toEqual([
      'As told [1].',
      '[1]: https://example.com',
    ])
  })

  it('keeps the style of each piece', () => {
    const [first] = blocksOf('a **b *c* `d`** e')
    expect(first === undefined ? [] : spansOf(first).map(({ at: _, ...rest }) => rest)).toEqual([
      { text: 'a ' },
      { text: 'b ', strong: true },
      { text: 'c', strong: true, em: true },
      { text: ' ', strong: true },
      { text: 'd', strong: true, code: true },
      { text: ' e' },
    ])
  })

  it('takes out a mark whose other half was cut off, and leaves stars and lines that mean something', () => {
    expect(read('**After the cut-over it stays. [1]')).toEqual(['After the cut-over it stays. [1]'])
    expect(read('it stays.** More')).toEqual(['it stays. More'])
    expect(read('2 * 3 * 4 ** 2, snake_case_name, __x__y, a[i][j], f(x)')).toEqual([
      '2 * 3 * 4 ** 2, snake_case_name, __x__y, a[i][j], f(x)',
    ])
    expect(read('Both. [1][2]')).toEqual(['Both. [1][2]'])
  })

  it('leaves text of any kind what it is', () => {
    expect(read('<script>alert(1)</script> & <b>bold</b>')).toEqual([
      '<script>alert(1)</script> & <b>bold</b>',
    ])
    expect(read('يمكن **تغيير** النموذج')).toEqual(['يمكن تغيير النموذج'])
    expect(read('埋め込み**モデル**の変更')).toEqual(['埋め込みモデルの変更'])
    expect(read('one\r\ntwo\r\n\r\nthree')).toEqual(['one two', 'three'])
    expect(read('```\nnot closed')).toEqual(['not closed'])
    expect(read(' \n\n---\n```')).toEqual([])
    expect(read('<picture>\n  <img src="x.png" alt="a">\n</picture>\nThe text')).toEqual(['The text'])
  })

  it('is shortened without half a mark', () => {
    const blocks = blocksOf('**one two three** four\n\nfive six')
    expect(shortened(blocks, 100)).toBeNull()
    expect(shortened(blocks, 26)).toBeNull()
    expect(shortened(blocks, 7)?.map(textOf)).toEqual(['one two…'])
    expect(shortened(blocks, 23)?.map(textOf)).toEqual(['one two three four'])
    const longer = blocksOf('one **two** three\n\n- four `five six seven eight nine`')
    expect(shortened(longer, 33)?.map(textOf)).toEqual(['one two three', 'four five six seven…'])
  })

  it('comes to an end, whatever the text is', () => {
    for (const piece of ['**a ', '`', '[', '*', '_a', '| ', '![](', '> - # ', '\\', '__', '***']) {
      const text = piece.repeat(4_000 / piece.length)
      expect(read(text).join('').length).toBeLessThanOrEqual(text.length * 2)
    }
  })
})
