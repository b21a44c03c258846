import { expect, test } from 'vitest'
import type { Database, Queryable, QueryOptions } from '../../src/postgres/database.ts'
import { type Sql, sql } from '../../src/postgres/sql.ts'
import { dropHnswIndex } from '../../src/schema/hnsw-index.ts'
import { loadLayout, ownLayout } from '../../src/schema/layout.ts'
import { createSearchMemory } from '../../src/search/memory.ts'
import { search } from '../../src/search/search.ts'
import { defaultTuning } from '../../src/store/nearest-tuning.ts'
import { addModel, addTexts, setUp, spec } from '../store/corpus.ts'
import { embedded } from '../support/engines.ts'

test('a large corpus that is being written is counted as often as costs a twentieth of the time', async () => {
  const db = await embedded.connect()
  const layout = await setUp(db)
  const model = await addModel(db, spec('m', 2), 'current')
  await addTexts(db, 2_001, 10)

  let time = 0
  let counts = 0
  const counting: Queryable = {
    query: async (statement, options) => {
      counts += 1
      // So long does a count take here.
      time += 50
      return db.query(statement, options)
    },
  }
  const memory = createSearchMemory(() => time)
  const snapshot = async (): Promise<string> => {
    const { rows } = await db.query<{ s: string }>(sql`select pg_current_snapshot()::text as s`)
    return rows[0]?.s ?? ''
  }
  const now = async () => memory.counts(counting, layout, { model, snapshot: await snapshot() })

  expect(await now()).toMatchObject({ chunks: 20_010, vectors: 0 })
  await now()
  expect(counts).toBe(1)
  await db.query(sql`delete from chunks where id <= 5`)
  time += 999
  expect((await now()).chunks).toBe(20_010)
  time += 1
  expect((await now()).chunks).toBe(20_005)
  expect(counts).toBe(2)

  // Few enough to be counted whenever something was written.
  await db.query(sql`delete from chunks where id <= 100`)
  time += 1_000
  expect((await now()).chunks).toBe(19_910)
  await db.query(sql`delete from chunks where id <= 101`)
  expect((await now()).chunks).toBe(19_909)
  expect(counts).toBe(4)

  // Searches at the same time share one count.
  await db.query(sql`delete from chunks where id <= 102`)
  const s = await snapshot()
  const both = await Promise.all([1, 2, 3].map(() => memory.counts(counting, layout, { model, snapshot: s })))
  expect(both.map(({ chunks }) => chunks)).toEqual([19_908, 19_908, 19_908])
  expect(counts).toBe(5)
})

test('a count that was begun for another search, before this one, does not stand for it', async () => {
  let release: () => void = () => {}
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  let asked = 0
  const db: Queryable = {
    query: async <Row extends object>() => {
      asked += 1
      const snapshot = String(asked)
      if (asked === 1) await held
      return { rows: [{ snapshot, chunks: '2', vectors: '2' }] as unknown as Row[], rowCount: 1 }
    },
  }
  const model = { id: 1, modelName: 'm', dimension: 2, distance: 'cosine' } as const
  const memory = createSearchMemory()
  const count = (snapshot: string) => memory.counts(db, ownLayout('public'), { model, snapshot })
  const earlier = count('1')
  const later = [count('2'), count('2')]
  release()
  expect((await earlier).snapshot).toBe('1')
  expect((await Promise.all(later)).map(({ snapshot }) => snapshot)).toEqual(['2', '2'])
  expect(asked).toBe(2)
})

test('a large corpus is counted beside the searches; what was recorded as lacking counts at once', async () => {
  const { model, db } = await largeCorpus()
  let release: () => void = () => {}
  let counts = 0
  const counting: Database = {
    ...db,
    query: async (statement, options) => {
      if (statement.text.includes('as snapshot,')) {
        counts += 1
        // Every count but the first one takes until it is let go.
        if (counts > 1) await new Promise<void>((resolve) => (release = resolve))
      }
      return db.query(statement, options)
    },
  }
  // A clock that stands: a count is always due.
  const memory = createSearchMemory(() => 0)
  const layout = await loadLayout(db)
  const deps = { db: counting, layout, models: { open: neverOpened }, memory }
  const coverage = async () => {
    const found = await search(deps, { query: '', queryVector: Float32Array.of(1, 0) })
    return found.coverage['m']
  }
  expect(await coverage()).toBe(1)
  // A writer whose provider does not answer.
  await db.query(sql`
    with one as (
      insert into chunks (document_id, position, content, content_hash, start_offset, end_offset, token_count)
      select 1, 99, 'New', 'new', 0, 3, 1 returning id
    )
    insert into pending_chunks (model_id, chunk_id) select ${model.id}, id from one`)
  const lowered = 20_009 / 20_010
  expect(await coverage()).toBe(lowered)
  expect(counts).toBe(2)
  // Embedded by a worker: only a new count says so, and no search waits for it.
  await db.query(sql`
    with done as (delete from pending_chunks returning chunk_id)
    insert into chunk_embeddings_model_1 (chunk_id, model_id, embedding_2)
    select chunk_id, 1, '[1,0]' from done`)
  release()
  await expect.poll(coverage).toBe(1)
})

test('what a filter leaves of a large corpus that lacks vectors is not counted at every search', async () => {
  const { db } = await largeCorpus()
  let time = 0
  let counts = 0
  const counting: Database = {
    ...db,
    query: async (statement, options) => {
      if (statement.text.includes('count(e.chunk_id)')) {
        counts += 1
        time += 50
      }
      return db.query(statement, options)
    },
  }
  const memory = createSearchMemory(() => time)
  const layout = await loadLayout(db)
  // More pass than are compared one by one, and the embedded engine would take long to find the nearest through an index.
  const tuning = { ...defaultTuning, exactRows: 1_000, lookupsPerRow: 0 }
  const deps = { db: counting, layout, models: { open: neverOpened }, memory, tuning }
  const coverage = async (even: boolean) => {
    const filter = { metadata: { even } }
    const found = await search(deps, { query: '', queryVector: Float32Array.of(1, 0), filter })
    return found.coverage['m']
  }
  await db.query(
    sql`delete from chunk_embeddings_model_1 where chunk_id = (select max(c.id) from chunks c where c.document_id = 2)`,
  )
  // Of those that pass, or of the whole corpus: the lower of the two is said.
  const [missing, elsewhere] = [9_999 / 10_000, 20_009 / 20_010]
  expect(await coverage(true)).toBe(missing)
  expect(await coverage(true)).toBe(missing)
  expect(counts).toBe(1)
  expect(await coverage(false)).toBe(elsewhere)
  expect(counts).toBe(2)
  // What a writer records is noticed at once, as it may be among what passes.
  await db.query(sql`
    with one as (
      insert into chunks (document_id, position, content, content_hash, start_offset, end_offset, token_count)
      select 2, 99, 'New', 'new', 0, 3, 1 returning id
    )
    insert into pending_chunks (model_id, chunk_id) select 1, id from one`)
  expect(await coverage(true)).toBe(9_998 / 10_000)
  expect(counts).toBe(2)
  time += 1_000
  expect(await coverage(true)).toBe(9_999 / 10_001)
  expect(counts).toBe(3)
})

test('the first search of a large corpus is made while it is counted', async () => {
  const { model, db } = await largeCorpus()
  await db.query(sql`analyze chunk_embeddings_model_1`)
  const order: string[] = []
  let searched: () => void = () => {}
  const rowsRead = new Promise<void>((resolve) => (searched = resolve))
  const watched: Database = {
    ...db,
    query: async <Row extends object>(statement: Sql, options?: QueryOptions) => {
      // The count ends only once the search has its rows.
      if (statement.text.includes('as snapshot,')) await rowsRead
      const result = await db.query<Row>(statement, options)
      if (statement.text.includes('candidates as')) {
        order.push('searched')
        searched()
      } else if (statement.text.includes('as snapshot,')) order.push('counted')
      return result
    },
  }
  const deps = { db: watched, layout: await loadLayout(db), models: { open: neverOpened } }
  const found = await search(deps, { query: '', queryVector: Float32Array.of(1, 0) })
  expect(order).toEqual(['searched', 'counted'])
  expect(found.coverage).toEqual({ [model.modelName]: 1 })
  expect(found.hits).toHaveLength(5)
})

async function largeCorpus() {
  const db = await embedded.connect()
  await setUp(db)
  const model = await addModel(db, spec('m', 2), 'current')
  await addTexts(db, 2_001, 10)
  // Through the index a row takes long, and what is measured here needs none.
  await dropHnswIndex(db, model)
  await db.query(sql`
    insert into chunk_embeddings_model_1 (chunk_id, model_id, embedding_2) select id, 1, '[1,0]' from chunks`)
  return { model, db }
}

const neverOpened = (): never => {
  throw new Error('The vector of the query is given')
}
