import { expect, it } from 'vitest'
import { batchDocuments } from '../../src/ingest/batches.ts'
import type { PreparedDocument } from '../../src/ingest/prepare.ts'
import { lines } from '../support/paragraphs.ts'

it('begins with a small batch, so that the first documents need not wait for many', async () => {
  expect(await sizes(Array.from({ length: 280 }, (_, i) => lines(`${i}.md`, ['one'])))).toEqual([8, 256, 16])
})

it('begins with few chunks, or with one document however many it has', async () => {
  const paragraphs = (n: number) => Array.from({ length: n }, (_, i) => `paragraph ${i}`)
  // 60 and 500 are more than 512 together, 500 and 12 are not.
  const documents = [100, 60, 500, 12].map((n, i) => lines(`${i}.md`, paragraphs(n)))
  expect(await sizes(documents)).toEqual([1, 1, 2])
})

it('never has two documents of one source in a batch', async () => {
  expect(await sizes([lines('a.md', ['one']), lines('b.md', ['one']), lines('a.md', ['two'])])).toEqual([
    2, 1,
  ])
})

async function sizes(documents: readonly PreparedDocument[]): Promise<number[]> {
  async function* given() {
    yield* documents
  }
  const found: number[] = []
  for await (const batch of batchDocuments(given())) found.push(batch.length)
  return found
}
