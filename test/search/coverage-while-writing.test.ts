import { expect, it } from 'vitest'
import type { Database, QueryOptions } from '../../src/postgres/database.ts'
import type { Sql } from '../../src/postgres/sql.ts'
import { createSearchMemory, type SearchMemory } from '../../src/search/memory.ts'
import { search } from '../../src/search/search.ts'
import { defaultTuning } from '../../src/store/nearest-tuning.ts'
import { embedChunks, type TestCorpus, testCorpus, writeLines } from '../support/corpus-deps.ts'
import { describeEngines } from '../support/engines.ts'

describeEngines('the coverage of an answer', (engine) => {
  it('never counts what was stored between the search and the count', async () => {
    const corpus = await testCorpus(await engine.connect())
    await writeLines(corpus, 'a.md', ['bees'])
    await embedChunks(corpus, corpus.second)
    await writeLines(corpus, 'b.md', ['ships'])

    const counting = createSearchMemory()
    // A worker that stores the last batch just then.
    const memory: SearchMemory = {
      ...counting,
      counts: async (db, layout, request) => {
        if (request.snapshot !== null) await embedChunks(corpus, corpus.second)
        return counting.counts(db, layout, request)
      },
    }
    const ask = () => search({ ...corpus, memory }, { query: 'ships', modelName: 'second' })
    const during = await ask()
    expect(during.coverage).toEqual({ second: during.hits.length / 2 })
    const after = await ask()
    expect(after.hits).toHaveLength(2)
    expect(after.coverage).toEqual({ second: 1 })
  })

  /** A database in which a worker stores everything after the first statement of this kind, and how many it stored. */
  function meanwhile(
    corpus: TestCorpus,
    kind: string,
  ): { readonly db: Database; readonly stored: () => number } {
    let stored: number | null = null
    const db = {
      ...corpus.db,
      query: async <Row extends object>(statement: Sql, options?: QueryOptions) => {
        const answer = await corpus.db.query<Row>(statement, options)
        if (statement.text.includes(kind)) stored ??= await embedChunks(corpus, corpus.second)
        return answer
      },
    }
    return { db, stored: () => stored ?? 0 }
  }

  it('of a search that finds nothing is none, though the model is filled a moment later', async () => {
    const corpus = await testCorpus(await engine.connect())
    await writeLines(corpus, 'a.md', ['bees', 'ships'])
    const { db, stored } = meanwhile(corpus, 'candidates')
    const ask = () =>
      search({ ...corpus, db, memory: createSearchMemory() }, { query: 'ships', modelName: 'second' })
    const during = await ask()
    expect(stored()).toBe(2)
    expect(during.coverage).toEqual({ second: during.hits.length / 2 })
    const after = await ask()
    expect(after.hits).toHaveLength(2)
    expect(after.coverage).toEqual({ second: 1 })
  })

  it('is not that of before and after, when something was missing in between', async () => {
    const corpus = await testCorpus(await engine.connect())
    const memory = createSearchMemory()
    await writeLines(corpus, 'a.md', ['bees', 'ships'])
    await embedChunks(corpus, corpus.second)
    const ask = (db: Database) => search({ ...corpus, db, memory }, { query: 'ships', modelName: 'second' })
    expect((await ask(corpus.db)).coverage).toEqual({ second: 1 })
    await writeLines(corpus, 'b.md', ['ships and bees'])
    const { db, stored } = meanwhile(corpus, 'candidates')
    const during = await ask(db)
    expect(stored()).toBe(1)
    expect(during.coverage).toEqual({ second: during.hits.length / 3 })
  })

  // Compared one by one, and as in a large corpus.
  for (const tuning of [defaultTuning, { ...defaultTuning, exactRows: 0 }]) {
    it(`of what passes a filter is not counted later than the search either, above ${tuning.exactRows} rows`, async () => {
      const corpus = await testCorpus(await engine.connect())
      await writeLines(corpus, 'a.md', ['bees', 'ships'])
      await embedChunks(corpus, corpus.second)
      const id = await writeLines(corpus, 'b.md', ['ferries', 'and more ships'])
      const { db, stored } = meanwhile(corpus, 'candidates')
      const deps = { ...corpus, db, tuning, memory: createSearchMemory() }
      const request = { query: 'ships', modelName: 'second', filter: { documentIds: [id] } }
      const during = await search(deps, request)
      expect(stored()).toBe(2)
      expect(during.coverage).toEqual({ second: during.hits.length / 2 })
    })
  }
})
