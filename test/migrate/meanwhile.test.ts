import { expect, it } from 'vitest'
import { advance } from '../../src/migrate/advance.ts'
import { work } from '../../src/migrate/fill/work.ts'
import { pauseFor, resumeMigration } from '../../src/migrate/pause.ts'
import { startMigration } from '../../src/migrate/start.ts'
import { verifyMigration } from '../../src/migrate/verify/verify-migration.ts'
import type { Database, Queryable } from '../../src/postgres/database.ts'
import { sql } from '../../src/postgres/sql.ts'
import { requireMigration } from '../../src/store/migrations.ts'
import { type TestCorpus, testCorpus, writeLines } from '../support/corpus-deps.ts'
import { describeEngines, describeServer } from '../support/engines.ts'
import { beginFill, quick, texts } from '../support/fills.ts'

const pair = { sourceModel: 'first', targetModel: 'second' } as const

describeEngines('what is done to a migration meanwhile', (engine) => {
  const fresh = async () => ({ ...(await testCorpus(await engine.connect())), pace: quick })

  it('is not taken for verified: it was filled again, and is back in its state', async () => {
    const corpus = await fresh()
    await writeLines(corpus, 'a.md', texts(6))
    const { id } = await beginFill(corpus)
    const move = (event: 'filled' | 'indexed' | 'retried') =>
      corpus.db.transaction((tx) => advance(tx, id, { event, data: {} as never, actor: 'test' }))
    await work(corpus, { once: true })
    await move('retried')
    await move('filled')
    await move('indexed')
    const judgeQuality = async () => {
      await move('retried')
      await move('filled')
      await move('indexed')
      return null
    }
    await verifyMigration({ ...corpus, judgeQuality }, { migrationId: id })
    expect((await requireMigration(corpus.db, id)).state).toBe('verifying')
    await verifyMigration(corpus, { migrationId: id })
    expect((await requireMigration(corpus.db, id)).state).toBe('ready')
  })

  it('holds: a budget that is given while it is being filled', async () => {
    const corpus = await fresh()
    await writeLines(corpus, 'a.md', texts(20))
    const { id } = await beginFill(corpus, { settings: { pricePerMillionTokens: 1, batchItems: 1 } })
    let asked = 0
    corpus.models.before = async () => {
      asked += 1
      if (asked === 1) await resumeMigration(corpus, { migrationId: id, budgetUsd: 0 })
    }
    await work(corpus, { migrationId: id, once: true, concurrency: 1 })
    expect(asked).toBe(1)
    expect(await requireMigration(corpus.db, id)).toMatchObject({ state: 'paused', error: { by: 'budget' } })
  })
})

describeServer('what is done to a migration at the same time', (engine) => {
  const fresh = async () => testCorpus(await engine.connect())

  it('is not undone by who starts it again: the limits of a resume', async () => {
    const corpus = await fresh()
    await writeLines(corpus, 'a.md', texts(2))
    const { id } = await startMigration(corpus, pair)
    let resumed: Promise<unknown> | null = null
    const db = interposed(corpus, async (text) => {
      if (resumed !== null || !text.includes('from model_migrations where state = any')) return
      resumed = resumeMigration(corpus, { migrationId: id, budgetUsd: 100 })
      await resumed
    })
    await startMigration({ ...corpus, db }, { ...pair, rollbackWindowSeconds: 5 })
    expect(await requireMigration(corpus.db, id)).toMatchObject({
      budgetUsd: 100,
      rollbackWindowSeconds: 5,
    })
  })

  it('does not make a worker that pauses it and one that stores wait for each other', async () => {
    const corpus = await fresh()
    const { db } = corpus
    const { id } = await beginFill(corpus)
    await db.query(sql`
      insert into migration_batches (migration_id, batch, chunk_ids, last_error)
      values (${id}::bigint, 1, '{}', '{"failures": 1}')`)
    const reason = { code: 'RATE_LIMITED', message: 'Too fast.', hint: '' } as const
    let begun = (): void => {}
    const hasBegun = new Promise<void>((resolve) => {
      begun = resolve
    })
    const storing = db.transaction(async (tx) => {
      await tx.query(sql`delete from migration_batches where migration_id = ${id}::bigint`)
      begun()
      for (let waiting = 0; waiting === 0; ) {
        waiting = (
          await tx.query(sql`
            select from pg_locks where not granted and pg_backend_pid() = any(pg_blocking_pids(pid))`)
        ).rows.length
      }
      // Would be refused at once if the one that pauses held it.
      await tx.query(sql`select from model_migrations where id = ${id}::bigint for update nowait`)
    })
    await hasBegun
    await Promise.all([
      storing,
      pauseFor(corpus, { migrationId: id, actor: 'worker w', by: 'provider', error: reason }),
    ])
    expect((await requireMigration(db, id)).state).toBe('paused')
  })
})

/** A database of which each statement in a transaction is followed by something that somebody else does. */
function interposed({ db }: TestCorpus, after: (text: string) => Promise<void>): Database {
  return {
    ...db,
    transaction: (work, options) => {
      let begin: (tx: Queryable) => void = () => {}
      let end: () => void = () => {}
      const begun = new Promise<Queryable>((resolve) => {
        begin = resolve
      })
      const ended = new Promise<void>((resolve) => {
        end = resolve
      })
      const done = db.transaction(async (tx) => {
        begin(tx)
        await ended
      }, options)
      // Outside of the transaction's own context, where nobody may use the database.
      return begun
        .then((tx) => {
          const query: Queryable['query'] = async (statement) => {
            const answer = await tx.query(statement)
            await after(statement.text)
            return answer as never
          }
          return work({ query }).finally(end)
        })
        .then(async (value) => {
          await done
          return value
        })
    },
  }
}
