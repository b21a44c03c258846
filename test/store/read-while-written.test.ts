import { expect, test } from 'vitest'
import { readDocument } from '../../src/documents/documents.ts'
import type { Database, Queryable } from '../../src/postgres/database.ts'
import { testCorpus, writeLines } from '../support/corpus-deps.ts'
import { describeServer } from '../support/engines.ts'

describeServer('a document that is written anew while it is read', (engine) => {
  test('is read as it was, with the chunks that it had', async () => {
    const corpus = await testCorpus(await engine.connect())
    const { layout } = corpus
    const id = await writeLines(corpus, 'a.md', ['bees', 'ships'])
    // Opened by themselves: what is done in between is not done inside the reader's transaction.
    let again: Promise<unknown> | null = null
    const between = (queryable: Queryable): Queryable['query'] => {
      return async (statement, options) => {
        const answer = await queryable.query(statement, options)
        if (statement.text.includes(' as content')) again ??= other()
        await again
        return answer as never
      }
    }
    const { promise, start } = later(() => writeLines(corpus, 'a.md', ['owls']))
    const other = () => {
      start()
      return promise
    }
    const db: Database = {
      ...corpus.db,
      query: between(corpus.db),
      transaction: (work, options) => corpus.db.transaction((tx) => work({ query: between(tx) }), options),
    }
    const document = await readDocument({ db, layout }, id)
    expect(document.content).toContain('bees')
    expect(document.chunkList.map(({ content }) => content)).toEqual(['bees', 'ships'])
    expect((await readDocument(corpus, id)).chunkList.map(({ content }) => content)).toEqual(['owls'])
  })
})

/** Something that begins when it is told to, in the context in which it was made. */
function later<T>(work: () => Promise<T>): { readonly promise: Promise<T>; start(): void } {
  let start = (): void => {}
  const started = new Promise<void>((resolve) => {
    start = resolve
  })
  return { promise: started.then(work), start: () => start() }
}
