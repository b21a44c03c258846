import { expect, it } from 'vitest'
import type { Database, QueryOptions } from '../../src/postgres/database.ts'
import type { Sql } from '../../src/postgres/sql.ts'
import { createSearchMemory, type SearchMemory } from '../../src/search/memory.ts'
import { search } from '../../src/search/search.ts'
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

  /** A database in which a worker stores everything after the first statement of this kind, or before it. */
  function meanwhile(corpus: TestCorpus, when: 'after' | 'before', kind: string): Database {
    let stored = false
    async function store(): Promise<void> {
      if (!stored) await embedChunks(corpus, corpus.second)
      stored = true
    }
    return {
      ...corpus.db,
      query: async <Row extends object>(statement: Sql, options?: QueryOptions) => {
        const meant = statement.text.includes(kind)
        if (meant && when === 'before') await store()
        const answer = await corpus.db.query<Row>(statement, options)
        if (meant && when === 'after') await store()
        return answer
      },
    }
  }

  it('of a search that finds nothing is none, though the model is filled a moment later', async () => {
    const corpus = await testCorpus(await engine.connect())
    await writeLines(corpus, 'a.md', ['bees', 'ships'])
    const deps = { ...corpus, db: meanwhile(corpus, 'after', 'candidates'), memory: createSearchMemory() }
    const ask = () => search(deps, { query: 'ships', modelName: 'second' })
    const during = await ask()
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
    const during = await ask(meanwhile(corpus, 'after', 'candidates'))
    expect(during.coverage).toEqual({ second: during.hits.length / 3 })
  })

  it('of what passes a filter is not counted later than the search either', async () => {
    const corpus = await testCorpus(await engine.connect())
    await writeLines(corpus, 'a.md', ['bees', 'ships'])
    await embedChunks(corpus, corpus.second)
    const id = await writeLines(corpus, 'b.md', ['ships', 'and more ships'])
    const db = meanwhile(corpus, 'before', 'count(e.chunk_id) as vectors')
    const memory = createSearchMemory()
    const request = { query: 'ships', modelName: 'second', filter: { documentIds: [id] } }
    const during = await search({ ...corpus, db, memory }, request)
    expect(during.coverage).toEqual({ second: during.hits.length / 2 })
  })
})
