/// <reference lib="es2024.string" />
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isRevectorError } from '../../src/core/errors.ts'
import { splitDocument } from '../../src/splitting/split.ts'
import { estimateTokens } from '../../src/splitting/tokens.ts'
import { documentOf, paragraphOf, seeded } from './documents.ts'

const fragments = fc.oneof(
  fc.constantFrom(
    '# Title\n',
    '\n## Part *one*\n\n',
    '\n---\n',
    'Setext\n===\n',
    '```\n# not a heading\n\ncode()\n```\n',
    '~~~\nopen fence\n',
    '- item\n',
    '  - nested item\n',
    '1. first\n2. second\n',
    '| a | b |\n|---|---|\n| 1 | 2 |\n',
    '> quoted\n',
    '<div>\n# html\n</div>\n\n',
    '<!-- comment\n\n# hidden -->\n',
    '\n\n',
    '\n',
    '    indented\n',
    '\t',
    ' ',
    '\u00a0\u3000 ',
    'One sentence. Another one! A third? ',
    'word '.repeat(40),
    'x'.repeat(300),
    '人人生而自由,在尊严和权利上一律平等。'.repeat(8),
    'มนุษย์ทั้งหลายเกิดมามีอิสระและเสมอภาคกัน'.repeat(5),
    '👩‍👩‍👧‍👦🇩🇪✨'.repeat(9),
    `e${'\u0301'.repeat(40)}`,
    '\u0600 1 \u0600+',
    'क्षत्रिय '.repeat(30),
  ),
  fc.string({ unit: 'grapheme', maxLength: 60 }),
  fc.string({ unit: 'binary', maxLength: 60 }),
)
const texts = fc.array(fragments, { maxLength: 30 }).map((parts) => parts.join('').toWellFormed())
const options = fc.record({
  maxTokens: fc.integer({ min: 16, max: 120 }),
  countTokens: fc.constantFrom(
    undefined,
    (text: string) => text.length,
    (text: string) => Math.ceil(Buffer.byteLength(text) / 4),
    (text: string) => text.split(/\s+/).length,
  ),
})
const mediaTypes = fc.constantFrom('text/markdown', 'text/plain', 'application/json')

function given<T extends object>(values: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as never
}

describe('for any text', () => {
  test('chunks are spans of the text, in order, that leave out only white space', () => {
    fc.assert(
      fc.property(texts, options, mediaTypes, (text, limits, mediaType) => {
        const chunks = splitDocument(documentOf(text, mediaType), given(limits))
        let end = 0
        for (const [position, chunk] of chunks.entries()) {
          expect(chunk.position).toBe(position)
          expect(chunk.content).toBe(text.slice(chunk.startOffset, chunk.endOffset))
          expect(chunk.startOffset).toBeGreaterThanOrEqual(end)
          expect(text.slice(end, chunk.startOffset).trim()).toBe('')
          expect(chunk.content.trim()).not.toBe('')
          end = chunk.endOffset
        }
        expect(text.slice(end).trim()).toBe('')
      }),
      { numRuns: 300 },
    )
  })

  test('no chunk has more tokens than allowed, cut graphemes only where one alone is too large', () => {
    const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' })
    fc.assert(
      fc.property(texts, options, (text, limits) => {
        const count = limits.countTokens ?? estimateTokens
        const graphemes = [...segmenter.segment(text)]
        const isFair = (offset: number): boolean => {
          const cut = graphemes.find(
            ({ index, segment }) => index < offset && offset < index + segment.length,
          )
          if (cut === undefined || count(cut.segment) > limits.maxTokens) return true
          // White space around a chunk is left out, also where a mark has taken it to itself.
          const [before, after] = [
            cut.segment.slice(0, offset - cut.index),
            cut.segment.slice(offset - cut.index),
          ]
          return before.trim() === '' || after.trim() === ''
        }
        for (const chunk of splitDocument(documentOf(text), given(limits))) {
          expect(chunk.tokenCount).toBeLessThanOrEqual(limits.maxTokens)
          expect(chunk.content.isWellFormed()).toBe(true)
          expect(isFair(chunk.startOffset) && isFair(chunk.endOffset)).toBe(true)
        }
      }),
      { numRuns: 200 },
    )
  })

  test('the windows in which text is segmented leave no trace', () => {
    const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' })
    for (let before = 360; before < 410; before++) {
      const text = 'x'.repeat(before) + '👩‍👩‍👧‍👦🇩🇪✨'.repeat(9)
      const starts = new Set([...segmenter.segment(text)].map((segment) => segment.index))
      for (const chunk of splitDocument(documentOf(text), { maxTokens: 20 })) {
        expect(starts.has(chunk.startOffset)).toBe(true)
      }
    }
  })

  test('the same text gives the same chunks', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const once = splitDocument(documentOf(text), { maxTokens: 40 })
        expect(splitDocument(documentOf(text), { maxTokens: 40 })).toEqual(once)
      }),
      { numRuns: 50 },
    )
  })

  test('with overlap, chunks still cover the text within the limit and move forward', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const chunks = splitDocument(documentOf(text), { maxTokens: 40, overlapTokens: 10 })
        let end = 0
        for (const chunk of chunks) {
          expect(chunk.tokenCount).toBeLessThanOrEqual(40)
          expect(chunk.endOffset).toBeGreaterThan(end)
          if (chunk.startOffset > end) expect(text.slice(end, chunk.startOffset).trim()).toBe('')
          end = chunk.endOffset
        }
        expect(text.slice(end).trim()).toBe('')
      }),
      { numRuns: 100 },
    )
  })
})

describe('structure', () => {
  test('a heading begins a chunk, stays with its text and names the chunks below it', () => {
    const text =
      '# Guide\n\n## Install `it`\n\nRun the command.\n\n### On [Linux](x)\n\nUse apt.\n\n## Use\n\nSearch.\n'
    const chunks = splitDocument(documentOf(text))
    expect(chunks.map((chunk) => [chunk.headingPath, chunk.content])).toEqual([
      [['Guide', 'Install it'], '# Guide\n\n## Install `it`\n\nRun the command.'],
      [['Guide', 'Install it', 'On Linux'], '### On [Linux](x)\n\nUse apt.'],
      [['Guide', 'Use'], '## Use\n\nSearch.'],
    ])
  })

  test('headings inside fences, lists, HTML and comments are not headings', () => {
    const text =
      '# Real\n\n```sh\n# no\n```\n\n- item\n\n  ```\n  # no\n  ```\n\n<div>\n# no\n</div>\n\n<!--\n\n# no\n\n-->\n\n    # no\n'
    const chunks = splitDocument(documentOf(text))
    expect(chunks.map((chunk) => chunk.headingPath)).toEqual([['Real']])
  })

  test('code blocks, tables and lists stay whole where they fit', () => {
    const random = seeded(7)
    const code = `\`\`\`ts\n${'const value = compute(1)\n'.repeat(6)}\n${'more(value)\n'.repeat(4)}\`\`\``
    const table = `| name | width |\n|---|---|\n${'| small | 384 |\n'.repeat(9)}`.trimEnd()
    const list = Array.from({ length: 6 }, (_, index) => `- point ${index} of the list`).join('\n')
    const filler = () => paragraphOf(random, 3)
    const parts = [filler(), code, filler(), filler(), table, filler(), list, filler(), filler()]
    const chunks = splitDocument(documentOf(parts.join('\n\n')), { maxTokens: 150 })
    expect(chunks.length).toBeGreaterThan(3)
    for (const whole of [code, table, list]) {
      expect(chunks.filter((chunk) => chunk.content.includes(whole))).toHaveLength(1)
    }
  })

  test('a long paragraph is cut between sentences, also where lines wrap', () => {
    const text = paragraphOf(seeded(1), 60).replace(/(.{70,80}) /g, '$1\n')
    const chunks = splitDocument(documentOf(text), { maxTokens: 100 })
    expect(chunks.length).toBeGreaterThan(5)
    for (const chunk of chunks) {
      expect(chunk.content).toMatch(/^[A-Z]/)
      expect(chunk.content).toMatch(/\.$/)
    }
  })

  test('a long table is cut between rows, long code between lines with its indentation', () => {
    const table = `| id | name |\n|---|---|\n${Array.from({ length: 200 }, (_, row) => `| ${row} | row ${row} |`).join('\n')}`
    for (const chunk of splitDocument(documentOf(table), { maxTokens: 80 })) {
      expect(chunk.content).toMatch(/^\|[\s\S]*\|$/)
    }
    const code = Array.from({ length: 200 }, (_, line) => `    step(${line})`).join('\n')
    const chunks = splitDocument(documentOf(code, 'text/x-python'), { maxTokens: 80 })
    expect(chunks.length).toBeGreaterThan(5)
    for (const chunk of chunks) expect(chunk.content).toMatch(/^ {4}step[\s\S]*\)$/)
  })

  test('no tiny chunk is left at the end of a section', () => {
    const random = seeded(3)
    for (let round = 0; round < 40; round++) {
      const text = Array.from({ length: 3 + (round % 9) }, () => paragraphOf(random, 2)).join('\n\n')
      const chunks = splitDocument(documentOf(text), { maxTokens: 128 })
      if (chunks.length < 2) continue
      expect(Math.min(...chunks.map((chunk) => chunk.tokenCount))).toBeGreaterThan(20)
    }
  })

  test('Chinese and Thai are cut without spaces to go by', () => {
    const chinese = '人人生而自由,在尊严和权利上一律平等。他们赋有理性和良心。'.repeat(40)
    const thai = 'มนุษย์ทั้งหลายเกิดมามีอิสระและเสมอภาคกันในเกียรติศักดิ์และสิทธิ'.repeat(40)
    for (const chunk of splitDocument(documentOf(chinese), { maxTokens: 100 })) {
      expect(chunk.content).toMatch(/。$/)
      expect(chunk.tokenCount).toBeGreaterThan(45)
    }
    for (const chunk of splitDocument(documentOf(thai), { maxTokens: 100 })) {
      expect(chunk.tokenCount).toBeGreaterThan(20)
      expect(chunk.content).not.toMatch(/^[\u0e31\u0e34-\u0e3a\u0e47-\u0e4e]/)
    }
  })

  test('a chunk knows the page on which it begins', () => {
    const pages = [0, 1, 2].map((seed) => paragraphOf(seeded(seed + 10), 12))
    const text = pages.join('\n\n')
    const second = (pages[0]?.length ?? 0) + 2
    const third = second + (pages[1]?.length ?? 0) + 2
    const chunks = splitDocument(
      { ...documentOf(text, 'application/pdf'), pageOffsets: [0, second, third] },
      { maxTokens: 60 },
    )
    for (const chunk of chunks) {
      expect(chunk.page).toBe(chunk.startOffset >= third ? 3 : chunk.startOffset >= second ? 2 : 1)
    }
    expect(splitDocument(documentOf('No pages.')).map((chunk) => chunk.page)).toEqual([null])
  })

  test('overlap repeats whole sentences of the chunk before, not across headings', () => {
    const text = `# A\n\n${paragraphOf(seeded(5), 30)}\n\n# B\n\nOther text.`
    const chunks = splitDocument(documentOf(text), { maxTokens: 100, overlapTokens: 45 })
    const repeated = chunks.filter((chunk, index) => chunk.startOffset < (chunks[index - 1]?.endOffset ?? 0))
    expect(repeated.length).toBeGreaterThan(2)
    for (const chunk of repeated) expect(chunk.content).toMatch(/^[A-Z]/)
    expect(chunks.at(-1)?.content).toBe('# B\n\nOther text.')
  })
})

describe('an edit in the middle', () => {
  const kinds = {
    'Markdown with headings': (random: () => number) =>
      Array.from({ length: 120 }, (_, index) =>
        index % 8 === 0 ? `## Part ${index}` : paragraphOf(random, 1 + Math.floor(random() * 6)),
      ),
    'paragraphs without a heading': (random: () => number) =>
      Array.from({ length: 120 }, () => paragraphOf(random, 1 + Math.floor(random() * 6))),
    'one endless paragraph': (random: () => number) => [paragraphOf(random, 500)],
  }
  for (const [name, make] of Object.entries(kinds)) {
    test(`changes only the chunks near it: ${name}`, () => {
      let changed = 0
      for (let seed = 0; seed < 12; seed++) {
        const random = seeded(seed)
        const blocks = make(random)
        const before = splitDocument(documentOf(blocks.join('\n\n')), { maxTokens: 200 })
        const text = blocks.join('\n\n')
        const at = text.indexOf('. ', Math.floor(text.length * (0.2 + 0.5 * random()))) + 1
        const edited = `${text.slice(0, at)} A sentence that was not there before.${text.slice(at)}`
        const hashes = new Set(before.map((chunk) => chunk.contentHash))
        const after = splitDocument(documentOf(edited), { maxTokens: 200 })
        const fresh = after.filter((chunk) => !hashes.has(chunk.contentHash)).length
        expect(before.length).toBeGreaterThan(25)
        expect(fresh).toBeLessThanOrEqual(12)
        changed += fresh
      }
      expect(changed / 12).toBeLessThanOrEqual(4)
    })
  }
})

describe('cost', () => {
  const size = 5_000_000
  const inputs: Record<string, string> = {
    'Markdown of 5 MB': `# Title\n\n${Array.from({ length: 400 }, (_, index) => paragraphOf(seeded(index), 20)).join('\n\n')}\n\n`,
    'one line without an end': 'word and word ',
    'one word without an end': 'x9',
    'Chinese without a full stop': '人人生而自由在尊严和权利上一律平等',
    'blank lines': '\n',
    'open brackets': '[![',
    'fences that never close': '```\n~~~\n',
    'deep lists': '- - - a\n',
    dashes: '-',
    'white space': 'a                                                      ',
  }
  for (const [name, unit] of Object.entries(inputs)) {
    test(`grows with the text, not with its square: ${name}`, () => {
      const length = name.startsWith('Markdown') ? size : size / 25
      const text = unit.repeat(Math.ceil(length / unit.length))
      let counted = 0
      const chunks = splitDocument(documentOf(text), {
        countTokens: (part) => {
          counted += part.length
          return Math.ceil(part.length / 4)
        },
      })
      expect(counted).toBeLessThan(text.length * 14)
      expect(chunks.length).toBeLessThan(text.length / 300)
    })
  }
})

test('limits out of range are refused with what came', () => {
  for (const limits of [
    { maxTokens: 8 },
    { maxTokens: 100.5 },
    { overlapTokens: 128 },
    { overlapTokens: -1 },
    { maxTokens: Number.NaN },
  ]) {
    let thrown: unknown
    try {
      splitDocument(documentOf('text'), limits)
    } catch (error) {
      thrown = error
    }
    expect(isRevectorError(thrown, 'INVALID_INPUT')).toBe(true)
  }
  expect(splitDocument(documentOf(''))).toEqual([])
  expect(splitDocument(documentOf(' \n\t\n'))).toEqual([])
})
