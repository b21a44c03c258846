import type { PreparedDocument } from './prepare.ts'

/** A batch is written in one transaction, after one round of requests to the provider. */
const usual = { documents: 256, chunks: 512, characters: 4_000_000 }
/** The first documents become searchable, and visibly so, before a large batch has been embedded. */
const first = { documents: 8, chunks: 64, characters: 500_000 }

/**
 * Groups documents so that small ones share a transaction and memory use stays constant: a batch ends before it
 * gets too large, and before a second document with the same source.
 */
export async function* batchDocuments(
  documents: AsyncIterable<PreparedDocument>,
): AsyncIterable<readonly PreparedDocument[]> {
  let batch: PreparedDocument[] = []
  let chunks = 0
  let characters = 0
  let sources = new Set<string>()
  let most = first
  for await (const document of documents) {
    const full =
      batch.length === most.documents ||
      chunks + document.chunks.length > most.chunks ||
      characters + document.content.length > most.characters ||
      (document.source !== null && sources.has(document.source))
    if (full && batch.length > 0) {
      yield batch
      most = usual
      batch = []
      chunks = 0
      characters = 0
      sources = new Set()
    }
    batch.push(document)
    chunks += document.chunks.length
    characters += document.content.length
    if (document.source !== null) sources.add(document.source)
  }
  if (batch.length > 0) yield batch
}

/** Runs `work` on up to `ahead` items at once, and yields the results in the order of the items. */
export async function* inOrder<Item, Result>(
  items: AsyncIterable<Item>,
  ahead: number,
  work: (item: Item) => Promise<Result>,
): AsyncIterable<Result> {
  const running: Promise<Result>[] = []
  try {
    for await (const item of items) {
      const result = work(item)
      // Awaited when its turn comes; until then a failure must not count as unhandled.
      result.catch(() => {})
      running.push(result)
      const first = running.length >= ahead ? running.shift() : undefined
      if (first !== undefined) yield await first
    }
    for (let next = running.shift(); next !== undefined; next = running.shift()) yield await next
  } finally {
    await Promise.allSettled(running)
  }
}

/**
 * Works on one item while the next is being prepared: two at a time in memory, processed one after the other.
 */
export async function oneBehind<Item>(
  items: AsyncIterable<Item>,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  let working = Promise.resolve()
  try {
    for await (const item of items) {
      await working
      working = work(item)
      // Awaited when the next item is there; until then a failure must not count as unhandled.
      working.catch(() => {})
    }
  } finally {
    await Promise.allSettled([working])
  }
  await working
}
