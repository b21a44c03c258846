import { expect, test } from 'vitest'
import type { Queryable } from '../../src/postgres/database.ts'
import { sql } from '../../src/postgres/sql.ts'
import { ownLayout } from '../../src/schema/layout.ts'
import { createSearchMemory } from '../../src/search/memory.ts'
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
