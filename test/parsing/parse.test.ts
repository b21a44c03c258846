import { getEventListeners } from 'node:events'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { isRevectorError, type RevectorError } from '../../src/core/errors.ts'
import { openParser } from '../../src/ingest/open-parser.ts'
import type { ParseInput, Parser } from '../../src/parsing/parse.ts'
import { splitDocument } from '../../src/splitting/split.ts'
import { lines, makeDocx, makePdf, makeZip, wordParagraph, wordTable } from './make-files.ts'

const parser = openParser()
afterAll(() => parser.close())

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

async function failure(
  input: ParseInput,
  using: Parser = parser,
  signal?: AbortSignal,
): Promise<RevectorError> {
  const outcome: unknown = await using.parse(input, { signal }).catch((error: unknown) => error)
  if (!isRevectorError(outcome)) throw new Error(`expected a failure, got ${JSON.stringify(outcome)}`)
  return outcome
}

const prose = 'The committee met on Tuesday and agreed on the budget for the coming year. '

describe('Markdown and text', () => {
  test('front matter becomes metadata, the first heading the title', async () => {
    const parsed = await parser.parse({
      bytes: bytesOf(
        '---\ntags: [a, b]\nnested: { deep: 1 }\ndraft: false\ndate: 2026-01-02\n---\n\nIntro.\n\n# The *title*\n\nText.',
      ),
      path: 'notes/x.md',
    })
    expect(parsed).toMatchObject({
      title: 'The title',
      text: 'Intro.\n\n# The *title*\n\nText.',
      mediaType: 'text/markdown',
      pageOffsets: [],
      metadata: {
        encoding: 'utf-8',
        tags: ['a', 'b'],
        nested: { deep: 1 },
        draft: false,
        date: '2026-01-02',
      },
    })
    const titled = await parser.parse({
      bytes: bytesOf('+++\ntitle = "From TOML"\n+++\n# Other\n'),
      path: 'x.md',
    })
    expect([titled.title, titled.text]).toEqual(['From TOML', '# Other'])
  })

  test('what only looks like front matter stays text', async () => {
    for (const text of [
      '---\nnot: [closed\n---\n\nText.',
      '---\njust words\n---\n\nText.',
      '---\n\nA rule above.',
    ]) {
      expect((await parser.parse({ bytes: bytesOf(text), path: 'x.md' })).text).toBe(text)
    }
    const plain = await parser.parse({ bytes: bytesOf('---\ntitle: x\n---\nText.'), path: 'x.txt' })
    expect(plain.text).toBe('---\ntitle: x\n---\nText.')
  })

  test('a comment in a code block is no title; a name is, then the first words', async () => {
    const fenced = await parser.parse({ bytes: bytesOf('```sh\n# comment\n```\n'), path: 'docs/set-up.md' })
    expect(fenced.title).toBe('set-up')
    expect((await parser.parse({ bytes: bytesOf('- Some first words\nand more') })).title).toBe(
      'Some first words',
    )
    expect((await parser.parse({ bytes: bytesOf('Text.'), path: '-' })).title).toBe('Text.')
  })

  test('the text is normalised', async () => {
    const parsed = await parser.parse({
      bytes: bytesOf('\ufeff\r\n\r\n  Cafe\u0301 \t\r\nsoft\u00adhyphen\rbell\u0007\u2028next\r\n\r\n'),
      path: 'x.txt',
    })
    expect(parsed.text).toBe('  Caf\u00e9\nsofthyphen\nbell\nnext')
  })

  test('other text is read as text of its kind', async () => {
    const types: [string, string][] = [
      ['data.json', 'application/json'],
      ['table.csv', 'text/csv'],
      ['main.py', 'text/x-python'],
      ['guide.rst', 'text/x-rst'],
      ['Makefile', 'text/plain'],
    ]
    for (const [path, mediaType] of types) {
      expect(await parser.parse({ bytes: bytesOf('{"a": 1}'), path })).toMatchObject({
        mediaType,
        text: '{"a": 1}',
      })
    }
  })

  test('five megabytes of Markdown', async () => {
    const section = `## Section\n\n${prose.repeat(20)}\n\n- item one\n- item two\n\n`
    const bytes = bytesOf(`# Book\n\n${section.repeat(Math.ceil(5_000_000 / section.length))}`)
    const parsed = await parser.parse({ bytes, path: 'book.md' })
    expect(parsed.title).toBe('Book')
    const chunks = splitDocument(parsed)
    expect(chunks.at(-1)?.endOffset).toBe(parsed.text.length)
    expect(chunks.length).toBeGreaterThan(5000)
  })
})

describe('the type is told by the content', () => {
  const page = `<!doctype html><html><head><title>Page</title></head><body><p>${prose}</p></body></html>`
  test('whatever the name or declared type', async () => {
    const cases: [ParseInput, string][] = [
      [{ bytes: makePdf([lines(['Text of the page.'])]), path: 'x.md' }, 'application/pdf'],
      [
        { bytes: makeDocx(wordParagraph('Text')), path: 'x.zip', mediaType: 'text/plain' },
        'wordprocessingml',
      ],
      [{ bytes: bytesOf(page), path: 'x.txt' }, 'text/html'],
      [{ bytes: bytesOf(`<?xml version="1.0"?>\n<!-- c -->\n${page}`) }, 'text/html'],
      [
        { bytes: bytesOf(`<p align="center"><img src="x"></p>\n\n# Readme\n\n${prose}`), path: 'README.md' },
        'text/markdown',
      ],
      [{ bytes: bytesOf(`<p>${prose}</p>`) }, 'text/html'],
      [{ bytes: bytesOf(`<p>${prose}</p>`), mediaType: 'text/html; charset=utf-8' }, 'text/html'],
      [{ bytes: bytesOf('# A\n\nx\n\n## B\n\ny\n') }, 'text/markdown'],
      [{ bytes: bytesOf('#!/bin/sh\n# comment\n\n# more\n\nls\n') }, 'text/plain'],
      [{ bytes: bytesOf('words'), mediaType: 'application/octet-stream', path: 'x.md' }, 'text/markdown'],
      [{ bytes: bytesOf('MZ is how this text begins'), path: 'x.txt' }, 'text/plain'],
      [{ bytes: bytesOf('not a PDF at all, but text'), path: 'x.pdf' }, 'text/plain'],
    ]
    for (const [input, expected] of cases) {
      expect((await parser.parse(input)).mediaType, `${input.path} ${input.mediaType}`).toContain(expected)
    }
  })

  test('what cannot be read is refused by name', async () => {
    const latin = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'latin1'))
    const cases: [Uint8Array, string][] = [
      [latin('\x89PNG\r\n\x1a\n\0\0'), 'PNG image'],
      [latin('\xff\xd8\xff\xe0\0\x10JFIF'), 'JPEG image'],
      [latin('MZ\x90\0\x03\0\0\0'), 'Windows program'],
      [latin('{\\rtf1 text}'), 'RTF'],
      [latin('\x1f\x8b\x08\0'), 'gzip'],
      [makeZip([{ name: 'a.txt', content: 'x' }]), 'ZIP archive'],
      [
        makeZip([
          { name: '[Content_Types].xml', content: '<x/>' },
          { name: 'xl/workbook.xml', content: '<x/>' },
        ]),
        'Excel',
      ],
      [latin(`\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1${'\0'.repeat(600)}`), 'before 2007'],
      [Uint8Array.from({ length: 500 }, (_, index) => (index * 37) % 256), 'binary data'],
    ]
    for (const [bytes, name] of cases) {
      const error = await failure({ bytes, path: 'x.md' })
      expect(error.code).toBe('FILE_TYPE_UNSUPPORTED')
      expect(error.message).toContain(name)
    }
  })

  test('a locked or empty document says so', async () => {
    const locked = Buffer.concat([
      Buffer.from('\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1', 'latin1'),
      Buffer.alloc(1024),
      Buffer.from('EncryptedPackage', 'utf16le'),
    ])
    const error = await failure({ bytes: new Uint8Array(locked), path: 'x.docx' })
    expect([error.code, error.message]).toEqual(['PARSE_FAILED', 'The document is protected by a password.'])
    const binary = await failure({ bytes: new Uint8Array(300), path: 'x.pdf' })
    expect([binary.code, binary.message]).toEqual(['PARSE_FAILED', expect.stringContaining('PDF')])
    for (const text of ['', ' \n\t ', '---\ntitle: only this\n---\n']) {
      expect((await failure({ bytes: bytesOf(text), path: 'x.md' })).code).toBe('DOCUMENT_EMPTY')
    }
  })
})

describe('HTML', () => {
  const frame = (body: string): Uint8Array =>
    bytesOf(
      `<!doctype html><html lang="en-GB"><head><title>Budget | City</title><meta name="author" content="A. Writer"><meta name="description" content="About money"></head><body>${body}</body></html>`,
    )

  test('is the page’s content as Markdown, without navigation', async () => {
    const parsed = await parser.parse({
      bytes: frame(
        `<nav><a href="/">Home</a> <a href="/x">Elsewhere</a></nav><main><h1>Budget<button>Copy</button></h1><p>${prose.repeat(8)}</p><h2 id="why">Why<a href="#why">#</a></h2><ul><li>one<ul><li>inner</li></ul></li><li>snake_case and <a href="https://example.org/a">a link</a>, <a href="/local">local</a></li></ul><ol start="3"><li>three</li><li>four</li></ol><table><tr><th>a</th><th>b</th></tr><tr><td>1|2</td><td><p>3</p><p>4</p></td></tr></table><pre class="language-js"><code>let x = 1\n# no heading</code></pre><p>line<br>break <img src="x.png" alt="A chart"></p></main><footer>Imprint</footer><script>var x</script>`,
      ),
    })
    expect(parsed.title).toBe('Budget')
    expect(parsed.metadata).toEqual({
      encoding: 'utf-8',
      language: 'en-GB',
      author: 'A. Writer',
      description: 'About money',
    })
    expect(parsed.text).toBe(
      `# Budget\n\n${prose.repeat(8).trim()}\n\n## Why\n\n- one\n  - inner\n- snake_case and [a link](https://example.org/a), local\n\n3. three\n4. four\n\n| a | b |\n| --- | --- |\n| 1\\|2 | 3 4 |\n\n\`\`\`js\nlet x = 1\n# no heading\n\`\`\`\n\nline\nbreak A chart`,
    )
    expect(splitDocument(parsed, { maxTokens: 200 }).map((chunk) => chunk.headingPath)).toContainEqual([
      'Budget',
      'Why',
    ])
  })

  test('without marks of its content is what Readability finds', async () => {
    const menu =
      '<div class="menu sidebar"><ul><li><a href="/a">Alpha</a></li><li><a href="/b">Beta</a></li></ul></div>'
    const parsed = await parser.parse({
      bytes: frame(`${menu}<div class="post-content">${`<p>${prose.repeat(4)}</p>`.repeat(6)}</div>${menu}`),
    })
    expect(parsed.text).toContain(prose.trim())
    expect(parsed.text).not.toContain('Alpha')
  })

  test('that Readability makes nothing of is read whole', async () => {
    const items = Array.from({ length: 60 }, (_, index) => `<div><b>Term ${index}</b> short note</div>`).join(
      '',
    )
    const parsed = await parser.parse({ bytes: frame(items) })
    for (const index of [0, 30, 59]) expect(parsed.text).toContain(`Term ${index}`)
    expect((await parser.parse({ bytes: bytesOf('<p>Tiny</p>'), path: 'x.html' })).text).toBe('Tiny')
  })

  test('wrapped whole in a form is read', async () => {
    const parsed = await parser.parse({ bytes: frame(`<form><p>${prose}</p><button>Send</button></form>`) })
    expect(parsed.text).toBe(prose.trim())
  })

  test('a table for layout is read as what it holds', async () => {
    const parsed = await parser.parse({
      bytes: frame(`<table><tr><td><h2>Left</h2><p>${prose}</p></td><td><h2>Right</h2></td></tr></table>`),
    })
    expect(parsed.text).toContain(`## Left\n\n${prose.trim()}\n\n## Right`)
  })

  test('with a body and no html is read, with and without a doctype', async () => {
    for (const start of ['', '<!doctype html>\n']) {
      const bytes = bytesOf(`${start}<body class="x"><h1>Owls</h1><p>They hunt at night.</p></body>`)
      expect((await parser.parse({ bytes, path: 'x.html' })).text).toBe('# Owls\n\nThey hunt at night.')
    }
  })

  test('with more tags and entities than can be parsed in time is refused', async () => {
    const bytes = bytesOf('&a'.repeat(2_100_000))
    expect(await failure({ bytes, path: 'x.html' })).toMatchObject({
      code: 'FILE_TOO_LARGE',
      message: 'The HTML has 2,100,000 tags and entities, more than the 2,000,000 allowed.',
    })
  })

  test.each(['<b></x>', "<td<tr>'", '<i><p>', '<b></b ><i>', '<colgroup>', '<p><td>'])(
    'that repeats %s is refused at once',
    async (pattern) => {
      const error = await failure({ bytes: bytesOf(pattern.repeat(100_000)), path: 'x.html' })
      expect([error.code, error.message]).toEqual([
        'PARSE_FAILED',
        'The HTML is nested too deeply to be read.',
      ])
    },
  )

  test('with a drawing of many shapes is read', async () => {
    const shapes = `<svg viewBox="0 0 9 9"><g>${'<path d="M0 0"/>'.repeat(10_000)}</g></svg>`
    expect((await parser.parse({ bytes: frame(`<p>Before.</p>${shapes}<p>After.</p>`) })).text).toBe(
      'Before.\n\nAfter.',
    )
  })

  test('nested four thousand deep is read, a hundred thousand deep fails alone', async () => {
    const nested = (depth: number): Uint8Array =>
      frame(`${'<div>'.repeat(depth)}core${'</div>'.repeat(depth)}`)
    expect((await parser.parse({ bytes: nested(4000) })).text).toBe('core')
    expect((await failure({ bytes: nested(100_000) })).code).toBe('PARSE_FAILED')
    expect((await parser.parse({ bytes: nested(1) })).text).toBe('core')
  })
})

describe('PDF', () => {
  test('has pages, joined lines, whole words and its title', async () => {
    const parsed = await parser.parse({
      bytes: makePdf(
        [
          [
            { text: 'Annual report', y: 740, size: 24 },
            ...lines(
              [
                'The committee that met on the first Tuesday of the month agreed on',
                'a budget for the coming year, after a long and sometimes heated dis-',
                'cussion of its price-determining factors and of all of their possible',
                'effects. It was adopted.',
              ],
              { top: 700 },
            ),
            ...lines(['A second paragraph begins here, far below the first one on the page.'], { top: 600 }),
            ...lines(['1. first point', '2. second point'], { top: 560 }),
          ],
          lines(['Only on the second page.']),
        ],
        { title: 'Microsoft Word - report.doc', author: 'A. Writer' },
      ),
      path: 'report.pdf',
    })
    expect(parsed.text).toBe(
      'Annual report\n\nThe committee that met on the first Tuesday of the month agreed on a budget for the coming year, after a long and sometimes heated discussion of its price-determining factors and of all of their possible effects. It was adopted.\n\nA second paragraph begins here, far below the first one on the page.\n\n1. first point\n2. second point\n\nOnly on the second page.',
    )
    expect(parsed.title).toBe('Annual report')
    expect(parsed.metadata).toEqual({ pages: 2, author: 'A. Writer', created: '2026-01-02T03:04:05.000Z' })
    expect(parsed.pageOffsets).toEqual([0, parsed.text.indexOf('Only on')])
    expect(splitDocument(parsed, { maxTokens: 16 }).at(-1)?.page).toBe(2)
  })

  test('has headings by their size, which become the paths of its chunks', async () => {
    const body = ['The text of this part is set in the usual size, as most of the lines of a page are.']
    const parsed = await parser.parse({
      bytes: makePdf([
        [
          { text: 'Handbook', y: 760, size: 24 },
          { text: 'Storage', y: 720, size: 18 },
          ...lines(body, { top: 690 }),
          { text: 'Cold storage', y: 640, size: 14.1 },
          ...lines([...body, 'Storage'], { top: 610 }),
        ],
        [
          { text: 'Shipping', y: 760, size: 18 },
          ...lines(body, { top: 720 }),
          { text: '4711', y: 600, size: 30 },
          ...lines(body, { top: 560 }),
        ],
      ]),
      path: 'handbook.pdf',
    })
    const named = parsed.headings?.map(({ start, end, depth }) => [parsed.text.slice(start, end), depth])
    expect(named).toEqual([
      ['Handbook', 1],
      ['Storage', 2],
      ['Cold storage', 3],
      ['Shipping', 2],
    ])
    const chunks = splitDocument(parsed, { maxTokens: 200 })
    expect(chunks.map(({ headingPath, page }) => [headingPath, page])).toEqual([
      [['Handbook', 'Storage'], 1],
      [['Handbook', 'Storage', 'Cold storage'], 1],
      [['Handbook', 'Shipping'], 2],
    ])
  })

  test('a hyphen stays where the rest of the document writes the word with it', async () => {
    const wide = 'so that the line is as wide as all of the others on this page are'
    const parsed = await parser.parse({
      bytes: makePdf([
        lines([
          `These are price-determining factors, ${wide}`,
          `${wide} and they are price-`,
          'determining too.',
        ]),
      ]),
    })
    expect(parsed.text).toContain('they are price-determining too.')
  })

  test('headers, footers and page numbers are left out, a sentence goes on over the page', async () => {
    const body = (page: number): string[] => [
      `Page ${page} speaks of something new and goes on for a whole line of it,`,
      'ending in the middle of a sentence that is only finished, as they are, on',
    ]
    const pages = [1, 2, 3, 4].map((page) => [
      { text: 'City of Example - Annual report', y: 770, size: 9 },
      ...lines(page === 1 ? body(1) : ['the next page.', ...body(page)]),
      { text: `Page ${page} of 4`, y: 30, size: 9 },
    ])
    const parsed = await parser.parse({ bytes: makePdf(pages) })
    expect(parsed.text).not.toContain('City of Example')
    expect(parsed.text).not.toContain('of 4')
    expect(parsed.text).toContain('on\nthe next page.')
    expect(parsed.pageOffsets.map((offset) => parsed.text.slice(offset, offset + 8))).toEqual([
      'Page 1 s',
      'the next',
      'the next',
      'the next',
    ])
  })

  test('with more pages than allowed is refused, and says which option allows more', async () => {
    const strict = openParser({ maxPages: 2 })
    const two = [lines(['One.']), lines(['Two.'])]
    expect((await strict.parse({ bytes: makePdf(two) })).pageOffsets).toHaveLength(2)
    expect(await failure({ bytes: makePdf([...two, lines(['Three.'])]) }, strict)).toMatchObject({
      code: 'FILE_TOO_LARGE',
      message: 'The PDF has 3 pages, more than the 2 allowed.',
      hint: expect.stringContaining('maxPdfPages'),
    })
    await strict.close()
  })

  test('without text asks for OCR; encrypted and broken ones say so', async () => {
    const scan = await failure({ bytes: makePdf([[], []]) })
    expect([scan.code, scan.message]).toEqual(['DOCUMENT_EMPTY', expect.stringContaining('OCR')])
    const locked = await failure({ bytes: makePdf([lines(['secret'])], { encrypted: true }) })
    expect([locked.code, locked.message]).toEqual(['PARSE_FAILED', 'The PDF is protected by a password.'])
    const broken = await failure({ bytes: bytesOf('%PDF-1.7\nand then nothing'), path: 'x.pdf' })
    expect([broken.code, broken.message]).toEqual(['PARSE_FAILED', expect.stringContaining('damaged')])
    const whole = makePdf([lines(['Text that survives.'])])
    const cut = await parser
      .parse({ bytes: whole.subarray(0, whole.length - 200) })
      .catch((error: unknown) => error)
    expect(
      isRevectorError(cut, 'PARSE_FAILED') || (cut as { text: string }).text === 'Text that survives.',
    ).toBe(true)
  })
})

describe('DOCX', () => {
  test('is Markdown with headings, tables and its own title', async () => {
    const body = [
      wordParagraph('Plan', 'Title'),
      wordParagraph('Intro &amp; scope', 'Heading1'),
      wordParagraph('First paragraph.'),
      wordParagraph('Details', 'Heading2'),
      wordTable([
        ['name', 'width'],
        ['small', '384'],
      ]),
    ].join('')
    const core =
      '<cp:coreProperties xmlns:cp="x" xmlns:dc="y" xmlns:dcterms="z"><dc:title>The &lt;Plan&gt;</dc:title><dc:creator>A. Writer</dc:creator><dcterms:created>2026-01-02T00:00:00Z</dcterms:created></cp:coreProperties>'
    const parsed = await parser.parse({
      bytes: makeDocx(body, [{ name: 'docProps/core.xml', content: core }]),
    })
    expect(parsed).toMatchObject({
      title: 'The <Plan>',
      text: '# Plan\n\n# Intro & scope\n\nFirst paragraph.\n\n## Details\n\n| name | width |\n| --- | --- |\n| small | 384 |',
      metadata: { author: 'A. Writer', created: '2026-01-02T00:00:00Z' },
    })
    expect((await parser.parse({ bytes: makeDocx(body), path: 'x.docx' })).title).toBe('Plan')
  })

  test('a bomb is refused before it unpacks, whether it admits its size or not', async () => {
    const bomb = Buffer.alloc(20_000_000, '<w:p/>')
    const strict = openParser({ maxUnpackedBytes: 10_000_000 })
    const admitting = await failure(
      { bytes: makeDocx('', [{ name: 'word/document.xml', content: bomb }]) },
      strict,
    )
    expect(admitting.code).toBe('FILE_TOO_LARGE')
    const lying = await failure({
      bytes: makeDocx('', [{ name: 'word/document.xml', content: bomb, claimedSize: 5000 }]),
    })
    expect([lying.code, lying.message]).toEqual(['PARSE_FAILED', expect.stringContaining('does not unpack')])
    const damaged = makeDocx(wordParagraph('x'))
    expect((await failure({ bytes: damaged.subarray(0, damaged.length - 30), path: 'x.docx' })).code).toBe(
      'PARSE_FAILED',
    )
    const other = await failure({ bytes: makeDocx('', [{ name: 'word/document.xml', content: '<not xml' }]) })
    expect(['PARSE_FAILED', 'DOCUMENT_EMPTY']).toContain(other.code)
    await strict.close()
  })
})

describe('what a DOCX holds beside its text', () => {
  const target = (name: string): string =>
    `<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="${name}"/></Relationships>`

  test('pictures and attachments are never unpacked, whatever they claim', async () => {
    const bytes = makeDocx(wordParagraph('Text.'), [
      { name: 'word/media/image1.png', content: Buffer.alloc(300_000_000), claimedSize: 10 },
    ])
    const small = openParser({ maxMemoryMb: 160 })
    expect((await small.parse({ bytes })).text).toBe('Text.')
    await small.close()
  })

  test('a part under another name is not read as the text', async () => {
    const small = openParser({ maxMemoryMb: 160 })
    const bytes = makeDocx('', [
      { name: '_rels/.rels', content: target('word/media/text.png') },
      { name: 'word/media/text.png', content: Buffer.alloc(300_000_000, '<w:p/>') },
    ])
    // Without what is allowed, the document's usual part is read, which is empty.
    expect((await failure({ bytes }, small)).code).toBe('DOCUMENT_EMPTY')
    await small.close()
  })

  test('a stored part that is not as long as it claims is refused', async () => {
    const bytes = Buffer.from(makeDocx(wordParagraph('Text.')))
    const central = bytes.indexOf(Buffer.from('PK\x01\x02', 'latin1'))
    bytes.writeUInt16LE(0, central + 10)
    expect((await failure({ bytes })).message).toContain('does not have')
  })
})

describe('limits', () => {
  const huge = bytesOf(`<!doctype html><html><body>${`<p>${prose}</p>`.repeat(20_000)}</body></html>`)

  test('bytes and text', async () => {
    const small = openParser({ maxBytes: 1000, maxTextLength: 100 })
    const large = await failure({ bytes: new Uint8Array(1001) }, small)
    expect([large.code, large.data]).toEqual(['FILE_TOO_LARGE', { bytes: 1001, limit: 1000 }])
    expect((await failure({ bytes: bytesOf('word '.repeat(50)) }, small)).code).toBe('FILE_TOO_LARGE')
    expect(
      (await failure({ bytes: makePdf([lines([prose, prose])]) }, openParser({ maxTextLength: 100 }))).code,
    ).toBe('FILE_TOO_LARGE')
    await small.close()
  })

  test('time: the file is given up, the next one has a fresh worker', async () => {
    const hurried = openParser({ timeoutMs: 40 })
    const error = await failure({ bytes: huge }, hurried)
    expect([error.code, error.data]).toEqual(['PARSE_TIMEOUT', { timeout_ms: 40 }])
    await hurried.close()
    const patient = openParser({ timeoutMs: 30_000 })
    const slow = patient.parse({ bytes: huge })
    const next = patient.parse({ bytes: bytesOf('<p>next</p>') })
    expect((await slow).mediaType).toBe('text/html')
    expect((await next).text).toBe('next')
    await patient.close()
  })

  test('memory: the file is given up, others are not', async () => {
    const tight = openParser({ maxMemoryMb: 128 })
    const [heavy, light] = await Promise.all([
      failure({ bytes: huge }, tight),
      tight.parse({ bytes: bytesOf('<p>light</p>') }),
    ])
    expect([heavy.code, heavy.message]).toEqual([
      'PARSE_OUT_OF_MEMORY',
      expect.stringContaining('128 MB of memory'),
    ])
    expect(light.text).toBe('light')
    await tight.close()
  })

  test('an abort ends what runs and what waits; so does closing', async () => {
    const own = openParser()
    const stop = new AbortController()
    const running = failure({ bytes: huge }, own, stop.signal)
    const waiting = failure({ bytes: huge }, own, stop.signal)
    const untouched = own.parse({ bytes: bytesOf('<p>untouched</p>') })
    stop.abort()
    expect([(await running).code, (await waiting).code]).toEqual(['INTERRUPTED', 'INTERRUPTED'])
    expect((await untouched).text).toBe('untouched')
    expect((await failure({ bytes: bytesOf('late') }, own, stop.signal)).code).toBe('INTERRUPTED')
    const unfinished = failure({ bytes: huge }, own)
    await own.close()
    expect((await unfinished).code).toBe('INTERRUPTED')
    expect((await failure({ bytes: bytesOf('closed') }, own)).code).toBe('INTERRUPTED')
  })

  test('a signal that outlives many files carries no listeners of theirs', async () => {
    const { signal } = new AbortController()
    await Promise.all(
      Array.from({ length: 20 }, () =>
        parser.parse({ bytes: bytesOf('<p>x</p>'), path: 'x.html' }, { signal }),
      ),
    )
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  })

  test('the caller keeps its bytes', async () => {
    const bytes = bytesOf('<p>kept</p>')
    await parser.parse({ bytes, path: 'x.html' })
    expect(new TextDecoder().decode(bytes)).toBe('<p>kept</p>')
  })
})

test('any bytes are a document or a failure of ours', async () => {
  const starts = fc.constantFrom(
    '',
    '%PDF-1.4\n',
    'PK\x03\x04',
    '<!doctype html><html>',
    '---\n',
    '<p>',
    '\xff\xfe',
    '\xef\xbb\xbf',
  )
  await fc.assert(
    fc.asyncProperty(
      starts,
      fc.uint8Array({ maxLength: 400 }),
      fc.constantFrom('x.md', 'x.html', 'x.pdf', 'x.docx', 'x'),
      async (start, rest, path) => {
        const bytes = new Uint8Array(Buffer.concat([Buffer.from(start, 'latin1'), rest]))
        const outcome: unknown = await parser.parse({ bytes, path }).catch((error: unknown) => error)
        if (outcome instanceof Error) {
          expect(isRevectorError(outcome)).toBe(true)
          return
        }
        const { text, title } = outcome as { text: string; title: string }
        expect(text).not.toMatch(/[\r\0]/)
        expect(text).toBe(text.normalize('NFC').trimEnd())
        expect(title).not.toBe('')
      },
    ),
    { numRuns: 150 },
  )
})
