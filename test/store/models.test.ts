import { beforeAll, expect, test } from 'vitest'
import type { Database } from '../../src/postgres/database.ts'
import { sql } from '../../src/postgres/sql.ts'
import {
  allModels,
  currentModel,
  deleteModel,
  findModel,
  insertModel,
  requireCurrentModel,
  requireModel,
  setModelState,
  setModelUrl,
  switchCurrent,
  versionedModel,
  writtenModels,
} from '../../src/store/models.ts'
import { describeEngines, describeServer } from '../support/engines.ts'
import { setUp, spec } from './corpus.ts'

describeEngines('registered models', (engine) => {
  let db: Database

  beforeAll(async () => {
    db = await engine.connect()
    await setUp(db)
  })

  test('are the space they were registered as, and nothing else', async () => {
    const mine = spec('space', 7, { queryPrefix: 'q: ', distance: 'l2', baseUrl: 'http://localhost:1' })
    const { model, inserted } = await insertModel(db, mine)
    expect(inserted).toBe(true)
    expect(model).toMatchObject({ ...mine, state: 'registered' })
    expect(await insertModel(db, mine)).toEqual({ model, inserted: false })
    expect(await findModel(db, 'space')).toEqual(model)

    await expect(insertModel(db, { ...mine, dimension: 8 })).rejects.toMatchObject({
      code: 'MODEL_DIMENSION_CONFLICT',
      message: expect.stringMatching(/^Model exists with different dimension: /),
      data: { model: 'space', registered: 7, requested: 8 },
    })
    await expect(insertModel(db, { ...mine, queryPrefix: '', pooling: 'cls' })).rejects.toMatchObject({
      code: 'MODEL_SPACE_CONFLICT',
      data: { model: 'space', fields: ['pooling', 'queryPrefix'] },
    })
    // The endpoint is not part of the space.
    expect((await insertModel(db, { ...mine, baseUrl: null })).model).toEqual(model)
    await setModelUrl(db, model.id, 'http://localhost:2')
    expect((await requireModel(db, 'space')).baseUrl).toBe('http://localhost:2')
  })

  test('an unknown name is answered with the known ones', async () => {
    await insertModel(db, spec('known', 3))
    await expect(requireModel(db, 'unknown')).rejects.toMatchObject({
      code: 'MODEL_UNKNOWN',
      message: expect.stringContaining('known'),
      data: { model: 'unknown', registered: expect.arrayContaining(['known']) },
    })
    expect(await findModel(db, 'unknown')).toBeNull()
    expect(await currentModel(db)).toBeNull()
    await expect(requireCurrentModel(db)).rejects.toMatchObject({ code: 'MODEL_UNKNOWN' })
  })

  test('one is current; the one before goes on being written', async () => {
    const { model: a } = await insertModel(db, spec('a', 3))
    const { model: b } = await insertModel(db, spec('b', 3))
    expect(await db.transaction((tx) => switchCurrent(tx, a))).toBeNull()
    expect((await db.transaction((tx) => switchCurrent(tx, a)))?.id).toBe(a.id)
    expect((await db.transaction((tx) => switchCurrent(tx, b)))?.id).toBe(a.id)
    expect((await requireCurrentModel(db)).modelName).toBe('b')
    expect((await writtenModels(db)).map(({ modelName, state }) => [modelName, state])).toEqual([
      ['b', 'current'],
      ['a', 'standby'],
    ])
    await expect(setModelState(db, a.id, 'current')).rejects.toMatchObject({ data: { sqlstate: '23505' } })
    await expect(db.transaction((tx) => switchCurrent(tx, { ...a, id: 0 }))).rejects.toMatchObject({
      code: 'MODEL_UNKNOWN',
    })
    expect(await deleteModel(db, a.id)).toBe(true)
    expect(await setModelState(db, a.id, 'standby')).toBe(false)
  })

  test('every change of the row is another version', async () => {
    const { model } = await insertModel(db, spec('versioned', 3))
    const first = await versionedModel(db, 'versioned')
    expect(first?.model).toEqual(model)
    expect(await versionedModel(db, 'versioned')).toEqual(first)
    await setModelUrl(db, model.id, 'http://localhost:3')
    const second = await versionedModel(db, 'versioned')
    expect(second?.version).not.toBe(first?.version)
    expect(await versionedModel(db, 'nobody')).toBeNull()
  })
})

describeServer('models, changed by many at once', (engine) => {
  test('one name is one model, whoever registers it', async () => {
    const db = await engine.connect({ poolSize: 10 })
    await setUp(db)
    const made = await Promise.all(Array.from({ length: 20 }, () => insertModel(db, spec('same', 5))))
    expect(made.filter(({ inserted }) => inserted)).toHaveLength(1)
    expect(new Set(made.map(({ model }) => model.id)).size).toBe(1)
  })

  test('one is current at every moment, however many switch', async () => {
    const db = await engine.connect({ poolSize: 10 })
    await setUp(db)
    const models = await Promise.all(
      ['a', 'b', 'c', 'd'].map(async (name) => (await insertModel(db, spec(name, 5))).model),
    )
    const [first] = models
    if (first !== undefined) await db.transaction((tx) => switchCurrent(tx, first))
    let running = true
    const watching = (async () => {
      const counts = new Set<number>()
      while (running) {
        const { rows } = await db.query<{ n: string }>(
          sql`select count(*) as n from embedding_models where state = 'current'`,
        )
        counts.add(Number(rows[0]?.n))
      }
      return counts
    })()
    await Promise.all(
      Array.from({ length: 5 }, () => models)
        .flat()
        .map((model) => db.transaction((tx) => switchCurrent(tx, model))),
    )
    running = false
    expect([...(await watching)]).toEqual([1])
    expect((await allModels(db)).filter((model) => model.state === 'current')).toHaveLength(1)
  })

  test('a write holds the written models still', async () => {
    const db = await engine.connect()
    await setUp(db)
    const { model: a } = await insertModel(db, spec('a', 5))
    const { model: b } = await insertModel(db, spec('b', 5))
    await db.transaction((tx) => switchCurrent(tx, a))

    const order: string[] = []
    let locked = (): void => {}
    const isLocked = new Promise<void>((resolve) => {
      locked = resolve
    })
    const write = db.transaction(async (tx) => {
      await writtenModels(tx, { lock: true })
      locked()
      // Ends when the switch is seen to wait for this transaction.
      for (let waiting = 0; waiting === 0; ) {
        const { rows } = await tx.query(sql`
          select from pg_locks
          where not granted and pg_backend_pid() = any(pg_blocking_pids(pid))`)
        waiting = rows.length
      }
      order.push('written')
    })
    await isLocked
    const cutOver = db.transaction((tx) => switchCurrent(tx, b)).then(() => order.push('switched'))
    await Promise.all([write, cutOver])
    expect(order).toEqual(['written', 'switched'])
  })
})
