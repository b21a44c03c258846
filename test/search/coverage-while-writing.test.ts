import { expect, it } from 'vitest'
import type { Database, QueryOptions } from '../../src/postgres/database.ts'
import type { Sql } from '../../src/postgres/sql.ts'
import { createSearchMemory, type SearchMemory } from '../../src/search/memory.ts'
import { search } from '../../src/search/search.ts'
import { embedChunks, testCorpus, writeLines } from '../support/corpus-parts.ts'
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
    expect(during.hits).toHaveLength(1)
    expect(during.coverage).toEqual({ second: 0.5 })
    const after = await ask()
    expect(after.hits).toHaveLength(2)
    expect(after.coverage).toEqual({ second: 1 })
  })

  it('of a search that finds nothing is none, though the model is filled a moment later', async () => {
    const corpus = await testCorpus(await engine.connect())
    await writeLines(corpus, 'a.md', ['bees', 'ships'])
    const memory = createSearchMemory()
    // A worker that stores everything between the search and whatever is asked after it.
    let searched = false
    const db: Database = {
      ...corpus.db,
      query: async <Row extends object>(statement: Sql, options?: QueryOptions) => {
        if (searched) await embedChunks(corpus, corpus.second)
        searched = false
        const answer = await corpus.db.query<Row>(statement, options)
        searched = statement.text.includes('candidates')
        return answer
      },
    }
    const ask = () => search({ ...corpus, db, memory }, { query: 'ships', modelName: 'second' })
    const during = await ask()
    expect(during.hits).toEqual([])
    expect(during.coverage).toEqual({ second: 0 })
    const after = await ask()
    expect(after.hits).toHaveLength(2)
    expect(after.coverage).toEqual({ second: 1 })
  })
})
