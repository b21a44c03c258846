import { describe, expect, it } from 'vitest'
import { asText } from '../../src/search/answer/neutral.ts'
import { proseSentencesOf } from '../../src/search/answer/prose.ts'
import { embedded } from '../support/engines.ts'
import { answerCorpus, hear } from './corpus.ts'

const page = `# Making a backup

To make a backup, run \`db backup FILE\`. \`db restore FILE\` reads it
back.

\`\`\`bash
revector db backup "a backup. Of the pool." # how to make a backup
\`\`\`

| command | what it does for a backup |
|---|---|
| \`db backup\` | makes a backup of the whole database |

![How a backup is made by a command](backup.png)

1. **Stop the service** before you make a backup.
   It must not write meanwhile.

   \`\`\`sh
   systemctl stop the service and make a backup
   \`\`\`
2. [ ] Keep the file on [another\n   machine](machines.md).

> A backup holds every vector. It is
> larger than the texts.
>
> \`\`\`
> quoted code of a backup
> \`\`\`

<p align="center">A picture of a backup</p>

[backup]: https://example.org/how-to-make-a-backup
`

describe('the prose of a passage', () => {
  it('is sentences, without code, tables, headings, pictures, markup and the marks of lists', () => {
    expect(proseSentencesOf(page).map(({ text }) => text)).toEqual([
      'To make a backup, run `db backup FILE`.',
      '`db restore FILE` reads it\nback.',
      '**Stop the service** before you make a backup.',
      'It must not write meanwhile.',
      'Keep the file on [another\n   machine](machines.md).',
      'A backup holds every vector.',
      'It is\n> larger than the texts.',
    ])
  })

  it('is where it says', () => {
    for (const { text, start, end } of proseSentencesOf(page)) expect(page.slice(start, end)).toBe(text)
  })

  it('is not what stands before the fence that closes code of an earlier passage', () => {
    const cut = 'const pool = open({ size: 3 })\nawait pool.end()\n```\n\nTo close the pool, call end.'
    expect(proseSentencesOf(cut).map(({ text }) => text)).toEqual(['To close the pool, call end.'])
    const prose = 'To close the pool, call end:\n\n```\nawait pool.end()'
    expect(proseSentencesOf(prose).map(({ text }) => text)).toEqual(['To close the pool, call end:'])
  })

  it.each([
    'Die Sicherung wird mit einem Befehl gemacht.',
    '要关闭连接池，请调用结束方法。',
    'หากต้องการปิดพูลให้เรียกใช้คำสั่งสิ้นสุด',
    'The drag (M > 1, p = .05) rises with the Mach number squared.',
    '    An indented sentence of a plain text.',
  ])('is text of any script and subject: %s', (text) => {
    expect(proseSentencesOf(text)).toHaveLength(1)
  })

  it.each([
    'const { hits } = await retriever.search({ query, topK: 3 });',
    '    if (pool.size > 0) { pool.end(); return [a, b]; }',
    '- `revector db backup`',
    '---',
  ])('is not a program without a fence: %s', (text) => {
    expect(proseSentencesOf(text)).toEqual([])
  })
})

describe('a sentence in an answer', () => {
  it.each([
    [
      '**Cut over** says *what* it will do, __then__ does it.',
      'Cut over says what it will do, then does it.',
    ],
    ['It is\n> larger than\n  the [texts\nof it](a_b_(c).md "t").', 'It is larger than the texts of it.'],
    ['**Half of it. ', 'Half of it.'],
    [
      'See [the guide][guide] and the note[^1] on 2 * 3 * 4, a\\_b.',
      'See the guide and the note on 2 * 3 * 4, a_b.',
    ],
    ['Name `**/*.md` and `__init__`, **`code`** too.', 'Name `**/*.md` and `__init__`, `code` too.'],
  ])('has no marks of Markdown: %s', (text, expected) => {
    expect(asText(text)).toBe(expected)
  })

  it.each([
    '[![a](b.png)](https://evil.example/x) end',
    '!*[*a](https://evil.example/x) end',
    '[see [1] there](https://evil.example/x) end',
    '!\\*[a](https://evil.example/x) end',
    '![a](<https://evil.example/x y> end',
  ])('makes no picture or link of what is left: %s', (text) => {
    expect(asText(text)).not.toMatch(/\]\(/)
  })
})

describe('an extractive answer', () => {
  it('quotes prose only, and cites it to the letter', async () => {
    const corpus = await answerCorpus(embedded, page.split('\n\n'))
    const stored = page.replaceAll('\n\n', '\n')
    const { answer } = await hear(corpus, null, { query: 'How do I make a backup?' })
    expect(answer.answered).toBe(true)
    expect(answer.answer).toContain('To make a backup, run `db backup FILE`. [1]')
    expect(answer.answer).not.toMatch(/```|\||#|\*\*/)
    for (const { quote, startOffset, endOffset } of answer.citations)
      expect(stored.slice(startOffset, endOffset)).toBe(quote)
  })

  it('says so when it is only code that has the words of the question', async () => {
    const corpus = await answerCorpus(embedded, [
      '```sh\nrevector models add all-minilm --provider ollama --base-url http://127.0.0.1:11434\n```',
      'Knead flour, water and salt into a smooth dough.',
    ])
    const { answer, text } = await hear(corpus, null, { query: 'ollama models provider' })
    expect(answer).toMatchObject({ answered: false, reason: 'not_in_passages', citations: [] })
    expect(answer.answer).toBe(text)
    expect(text).toContain('No sentence of the documents found answers this question')
  })

  it('is no question, but what follows one', async () => {
    const corpus = await answerCorpus(embedded, [
      'How long is the source kept after the cut-over? For a week, unless the migration says otherwise.',
      'Is the source kept after a cut-over for long? **Or not at all?**',
    ])
    const { answer } = await hear(corpus, null, { query: 'How long is the source kept after the cut-over?' })
    expect(answer.answer).toBe('For a week, unless the migration says otherwise. [1]')
  })
})
