import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { expect, it, vi } from 'vitest'
import { connectDatabase } from '../../src/postgres/connect.ts'
import { openPool } from '../../src/postgres/open-pool.ts'
import { raw, sql } from '../../src/postgres/sql.ts'
import { buildHnswIndex } from '../../src/schema/hnsw-build.ts'
import { dropHnswIndex } from '../../src/schema/hnsw-index.ts'
import { createModelTable } from '../../src/schema/model-table.ts'
import { runRevisions } from '../../src/schema/upgrade.ts'
import { tryLock } from '../../src/store/held-lock.ts'
import { insertModel } from '../../src/store/models.ts'
import { afterUse, describeServer } from '../support/engines.ts'
import { space } from '../support/models.ts'

vi.setConfig({ testTimeout: 120_000 })

const limitMs = 1_000

describeServer('limits of a role', (engine, serverUrl) => {
  it('end neither an index build, nor a held lock, nor a long transaction', async () => {
    const place = (await engine.place()) as { databaseUrl: string }
    const admin = await connectDatabase(place)
    await runRevisions(admin)
    const model = await admin.transaction(async (tx) => {
      const inserted = (await insertModel(tx, space('slow', 8))).model
      await createModelTable(tx, inserted)
      await dropHnswIndex(tx, inserted)
      return inserted
    })

    const role = `limits_${randomUUID().replaceAll('-', '')}`
    const newer = Number.parseInt(admin.serverVersion, 10) >= 17
    const limits = ['statement_timeout', 'idle_in_transaction_session_timeout', 'idle_session_timeout']
    if (newer) limits.push('transaction_timeout')
    await admin.query(raw(`create role ${role} login superuser password 'secret'`))
    for (const name of limits) await admin.query(raw(`alter role ${role} set ${name} = ${limitMs}`))
    afterUse(async () => {
      const client = new pg.Client({ connectionString: serverUrl })
      await client.connect()
      await client.query(`drop role ${role}`)
      await client.end()
    })
    const url = new URL(place.databaseUrl)
    url.username = role
    url.password = 'secret'
    const limited = await connectDatabase({ databaseUrl: url.href })

    const lock = await tryLock(limited, 'kept')
    // CREATE INDEX CONCURRENTLY waits for every older transaction.
    const reader = new pg.Client({ connectionString: place.databaseUrl })
    await reader.connect()
    await reader.query('begin isolation level repeatable read; select 1')
    const building = buildHnswIndex(limited, model)
    building.catch(() => {})
    await vi.waitFor(
      async () => {
        const { rows } = await admin.query<{ ms: number }>(sql`
          select extract(epoch from clock_timestamp() - query_start)::float8 * 1000 as ms
          from pg_stat_activity where usename = ${role} and query ilike '%create%index concurrently%'`)
        expect(rows[0]?.ms).toBeGreaterThan(1.5 * limitMs)
      },
      { timeout: 30_000, interval: 100 },
    )
    expect(await tryLock(admin, 'kept')).toBeNull()
    await reader.query('commit')
    await reader.end()
    expect(await building).toMatchObject({ valid: true })
    await lock?.release()

    const long = raw(`select pg_sleep(${(1.2 * limitMs) / 1_000})`)
    await limited.transaction((tx) => tx.query(long), { unhurried: true })
    await expect(limited.transaction((tx) => tx.query(long), { retry: false })).rejects.toMatchObject({
      code: expect.stringMatching(/^DATABASE_/),
    })
    await limited.close()
    await admin.close()
  })

  it('are not all that a session leaves behind: what it began is ended, and nothing else', async () => {
    const place = (await engine.place()) as { databaseUrl: string }
    const notices: string[] = []
    class Client extends pg.Client {
      constructor(config?: pg.ClientConfig) {
        super({ ...config, connectionString: place.databaseUrl })
        this.on('notice', ({ message }) => void notices.push(message ?? ''))
      }
    }
    const db = await openPool({
      place: { engine: 'server', address: '', database: '', user: '' },
      pool: { Client, max: 2 },
      options: {},
      files: null,
      afterClose: async () => {},
    })
    try {
      await runRevisions(db)
      await db.session(async (session) => void (await session.query(sql`select 1`)))
      await db.session(async (session) => {
        await session.transaction((tx) => tx.query(sql`select 1`))
        await session.query(raw('begin'))
      })
      await db.session((session) => session.query(sql`select 1 / 0`)).catch(() => {})
      await db.transaction((tx) => tx.query(sql`select 1 / 0`)).catch(() => {})
      for await (const _ of db.stream(sql`select generate_series(1, 9) as n`, { batchSize: 2 })) break
      const locks = await db.holdLocks()
      await locks.release()
      expect(await db.query(sql`select 1 as n`)).toMatchObject({ rows: [{ n: 1 }] })
    } finally {
      await db.close()
    }
    expect(notices).toEqual([])
  })
})
