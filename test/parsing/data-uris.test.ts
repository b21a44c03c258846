import { afterAll, expect, test } from 'vitest'
import { openParser } from '../../src/ingest/open-parser.ts'

const parser = openParser()
afterAll(() => parser.close())

const payload = 'iVBORw0KGgo'.repeat(40)
const png = `data:image/png;base64,${payload}`

test.each([
  ['an image', `See ![the diagram](${png}) here.`, 'See the diagram here.'],
  ['a short one', '![dot](data:image/png;base64,abc=) here', 'dot here'],
  ['with a title', `x ![a "b"](<${png}> "title") y`, 'x a "b" y'],
  ['without a description', `x ![](${png}) y`, 'x  y'],
  ['a link', `[open it](${png}) now`, 'open it now'],
  ['an encoded drawing', '![icon](data:image/svg+xml;utf8,%3Csvg%20a%3D%22b%22%3E) here', 'icon here'],
  [
    'a definition',
    `![the logo][L] and ![l][]\n\n[l]: ${png} "t"\nnext [other][o]`,
    'the logo and l\n\nnext [other][o]',
  ],
  ['an element', `<img width=3 src="${png}" alt='red dot'/> here`, 'red dot here'],
  ['a component', `<Image src={"${png}"} alt="x" />`, '<Image src={"data:image/png;base64,…"} alt="x" />'],
  [
    'code',
    `\`\`\`css\na { src: url(${png}) }\n\`\`\``,
    '```css\na { src: url(data:image/png;base64,…) }\n```',
  ],
  [
    'an example',
    'A URI such as `data:text/plain,hello` stays.',
    'A URI such as `data:text/plain,hello` stays.',
  ],
  [
    'no URI',
    'data: [a](b) ![c](d.png) <img src="e.png" alt="f">',
    'data: [a](b) ![c](d.png) <img src="e.png" alt="f">',
  ],
])('Markdown and MDX: of %s the description is left', async (_, content, expected) => {
  for (const path of ['x.md', 'x.mdx']) {
    const { text } = await parser.parse({ bytes: new TextEncoder().encode(`${content}\n`), path })
    expect(text).toBe(expected)
  }
})

test('HTML: of an image the description is left, of other places nothing long', async () => {
  const page = `<html><body><p>See <img alt="the diagram" src="${png}"> here, <a href="${png}">or here</a>.</p><pre>url(${png})</pre></body></html>`
  const { text, chunks } = await parser.parse({ bytes: new TextEncoder().encode(page), path: 'x.html' })
  expect(text).toBe('See the diagram here, or here.\n\n```\nurl(data:image/png;base64,…)\n```')
  expect(chunks).toHaveLength(1)
})
