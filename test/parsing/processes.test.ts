import { deflateSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { openParser } from '../../src/ingest/open-parser.ts'
import { FairQueue } from '../../src/parsing/fair-queue.ts'

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)
const page = { bytes: bytesOf('<p>light</p>'), path: 'x.html' }
/** Takes minutes, if it is not ended. */
const endless = { bytes: bytesOf('<'.repeat(1_900_000)), path: 'x.html' }
const codeOf = (error: unknown): unknown => (error as { code?: unknown }).code

test('owners take turns, and what one owner brings keeps its order', () => {
  const queue = new FairQueue<{ owner: string; name: string }>()
  const items = ['a1', 'a2', 'a3', 'b1', 'c1', 'b2', 'a4'].map((name) => ({ owner: name.charAt(0), name }))
  for (const item of items) queue.push(item)
  queue.remove(items[2] ?? { owner: '', name: '' })
  const take = (...busy: string[]): string | undefined => queue.take(new Set(busy))?.name
  expect([take(), take('b'), take(), take('b', 'a')]).toEqual(['a1', 'c1', 'b1', undefined])
  expect([take(), take(), take(), take()]).toEqual(['a2', 'b2', 'a4', undefined])
  queue.push({ owner: 'a', name: 'a5' })
  expect(queue.drain().map(({ name }) => name)).toEqual(['a5'])
  expect(take()).toBeUndefined()
})

test("one owner's files never hold up another's", async () => {
  const parser = openParser({ processes: 2 })
  const stop = new AbortController()
  const held = [1, 2, 3, 4].map(() =>
    parser.parse(endless, { owner: 'a', signal: stop.signal }).catch((error: unknown) => codeOf(error)),
  )
  expect((await parser.parse(page, { owner: 'b' })).text).toBe('light')
  expect((await parser.parse(page, { owner: 'c' })).text).toBe('light')
  stop.abort()
  expect(await Promise.all(held)).toEqual(Array.from({ length: 4 }, () => 'INTERRUPTED'))
  expect((await parser.parse(page, { owner: 'a' })).text).toBe('light')
  await parser.close()
})

test('while a long text is split, this process goes on', async () => {
  const parser = openParser()
  let turns = 0
  let done = false
  const turn = (): void => {
    turns += 1
    if (!done) setImmediate(turn)
  }
  turn()
  const { chunks, text } = await parser.parse({ bytes: bytesOf('!['.repeat(200_000)), path: 'x.md' })
  done = true
  // Here it would be a handful.
  expect(turns).toBeGreaterThan(100)
  expect(chunks.map(({ content }) => content).join('')).toBe(text)
  await parser.close()
})

test('chunks arrive as they were made', async () => {
  const parser = openParser({ chunks: { maxTokens: 32, overlapTokens: 8 } })
  const section =
    '# Café\n\nOne sentence of it. Another one.\n\n## Under 👩‍👩‍👧\n\nMore, with words enough for two chunks of it.\n\n'
  const short = section.repeat(40)
  const here = await parser.parse({ bytes: bytesOf(short), path: 'x.md' })
  // Long enough for another process; the first chunks are the same.
  const there = await parser.parse({ bytes: bytesOf(section.repeat(4_000)), path: 'x.md' })
  expect(there.chunks.length).toBeGreaterThan(4_000)
  expect(there.chunks.slice(0, 60)).toEqual(here.chunks.slice(0, 60))
  expect(there.textHash).not.toBe(here.textHash)
  await parser.close()
})

test('a page with more nodes than memory has room for is ended, and the next file is read', async () => {
  const parser = openParser({ maxMemoryMb: 160 })
  const error = await parser.parse(endless).catch((failure: unknown) => failure)
  expect(error).toMatchObject({
    code: 'PARSE_OUT_OF_MEMORY',
    message: 'The file needs more than 160 MB of memory to parse and was aborted.',
    data: { limit_mb: 160 },
  })
  expect((await parser.parse(page)).text).toBe('light')
  await parser.close()
})

test('a PDF whose stream unpacks to more than allowed is refused before it is interpreted', async () => {
  const parser = openParser({ maxMemoryMb: 160 })
  const text = Buffer.alloc(150_000_000, 'BT /F1 12 Tf (a) Tj ET ')
  const bomb = deflateSync(text)
  const refused = async (bytes: Uint8Array) =>
    parser.parse({ bytes, path: 'x.pdf' }).catch((failure: unknown) => failure)
  const tooLarge = {
    code: 'FILE_TOO_LARGE',
    message: 'The PDF has a stream that unpacks to more than the 41,943,040 bytes allowed.',
  }
  expect(await refused(pdfOf(bomb))).toMatchObject(tooLarge)
  expect(await refused(pdfOf(bomb, '/#46lateDecode'))).toMatchObject(tooLarge)
  // What is damaged at its end is read up to there.
  expect(await refused(pdfOf(bomb.subarray(0, bomb.length - 4)))).toMatchObject(tooLarge)
  expect(
    await parser.parse({ bytes: pdfOf(deflateSync(text.subarray(0, 230))), path: 'x.pdf' }),
  ).toMatchObject({
    text: expect.stringContaining('a'),
  })
  await parser.close()
})

function pdfOf(stream: Buffer, filter = '/FlateDecode'): Uint8Array {
  const head = `%PDF-1.4
1 0 obj << /Type /Catalog /Pages 2 0 R >> endobj
2 0 obj << /Type /Pages /Count 1 /Kids [3 0 R] >> endobj
3 0 obj << /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >> endobj
5 0 obj << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> endobj
4 0 obj << /Length ${stream.length} /Filter ${filter} >> stream
`
  return Buffer.concat([
    Buffer.from(head),
    stream,
    Buffer.from('\nendstream endobj\ntrailer << /Root 1 0 R >>\n%%EOF'),
  ])
}
