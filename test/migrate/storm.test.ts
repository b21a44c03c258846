import { expect, it } from 'vitest'
import { isRevectorError } from '../../src/core/errors.ts'
import { cancelMigration } from '../../src/migrate/cancel.ts'
import { cutOver } from '../../src/migrate/cut-over.ts'
import { work } from '../../src/migrate/fill/work.ts'
import { pauseMigration, resumeMigration } from '../../src/migrate/pause.ts'
import { rollBack } from '../../src/migrate/roll-back.ts'
import { startMigration } from '../../src/migrate/start.ts'
import { sql } from '../../src/postgres/sql.ts'
import { modelTable } from '../../src/schema/model-table.ts'
import { deleteDocuments } from '../../src/store/documents.ts'
import { openMigrations } from '../../src/store/migrations.ts'
import { allModels } from '../../src/store/models.ts'
import { testCorpus, writeLines } from '../support/corpus-deps.ts'
import { describeServer } from '../support/engines.ts'
import { quick } from '../support/fills.ts'
import type { Ideal } from './histories/ideal.ts'
import { expectAsFromScratch, modelNamed } from './histories/real.ts'

/** Numbers that look random and are the same at every run. */
function dice(seed: number): (sides: number) => number {
  let state = seed
  return (sides) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    return (state >>> 8) % sides
  }
}

/** What may be refused when everybody does everything at once; anything else is a fault. */
const refusals = [
  'MIGRATION_STATE',
  'MIGRATION_CONFLICT',
  'MIGRATION_UNKNOWN',
  'GATE_FAILED',
  'INVALID_INPUT',
  'MODEL_IN_USE',
]

async function orRefused(call: Promise<unknown>): Promise<void> {
  await call.catch((error: unknown) => {
    if (!isRevectorError(error) || !refusals.includes(error.code)) throw error
  })
}

describeServer('everything at once', (engine) => {
  it('writers, workers and operators lose nothing, and every cut-over is to a complete model', {
    timeout: 240_000,
  }, async () => {
    const db = await engine.connect({ poolSize: 12 })
    const corpus = { ...(await testCorpus(db)), pace: quick }
    const documents = new Map<string, readonly string[]>()
    const stop = new AbortController()
    const rounds = 12
    let cuts = 0

    async function writer(me: number): Promise<void> {
      const roll = dice(me + 1)
      while (!stop.signal.aborted) {
        const source = `${me}-${roll(3)}.md`
        const lines = Array.from({ length: 1 + roll(4) }, () => `text number ${roll(30)}`)
        // Now and then to one model by name: the others are pending.
        const name = roll(5) === 0 ? (['first', 'second'] as const)[roll(2)] : undefined
        if (roll(6) === 0) {
          const { rows } = await db.query<{ id: string }>(
            sql`select id::text as id from documents where source = ${source}`,
          )
          const ids = rows.map((row) => row.id)
          await db.transaction((tx) => deleteDocuments(tx, corpus.layout, ids))
          documents.delete(source)
        } else {
          await writeLines(corpus, source, lines, name)
          documents.set(source, lines)
        }
      }
    }

    async function operator(): Promise<void> {
      const roll = dice(99)
      for (let round = 0; round < rounds; round += 1) {
        await orRefused(startOther())
        if (roll(3) === 0) {
          await orRefused(pauseMigration(corpus))
          await orRefused(resumeMigration(corpus))
        }
        if (roll(5) === 0) await orRefused(cancelMigration(corpus))
        const before = cuts
        while (cuts === before && (await openMigrations(db)).length > 0) await orRefused(cutAndLook())
        if (cuts > before && roll(2) === 0) await orRefused(rollBack(corpus))
      }
      stop.abort()
    }

    async function startOther(): Promise<unknown> {
      const current = (await allModels(db)).find((model) => model.state === 'current')
      return startMigration(corpus, { targetModel: current?.modelName === 'first' ? 'second' : 'first' })
    }

    /** In the moment of the cut-over, before anything else can be written, the target has everything. */
    async function cutAndLook(): Promise<void> {
      const { targetModel, state } = await cutOver(corpus)
      if (state !== 'cut_over') return
      cuts += 1
      // A write by name may follow at once: what it leaves out is on record.
      const { id } = await modelNamed(corpus, targetModel)
      const { rows } = await db.query(sql`
        select c.content from chunks c
        where not exists (select from ${modelTable(id)} e where e.chunk_id = c.id)
          and not exists (select from pending_chunks o where o.chunk_id = c.id and o.model_id = ${id})`)
      expect(rows).toEqual([])
    }

    const workers = [1, 2].map(() => work(corpus, { signal: stop.signal }))
    // A fault of one ends all.
    const all = [operator(), ...[0, 1, 2].map(writer), ...workers]
    await Promise.all(all).finally(() => stop.abort())

    for (const { id } of await openMigrations(db)) await resumeMigration(corpus, { migrationId: id })
    await work(corpus, { once: true })
    const models = new Map((await allModels(db)).map((model) => [model.modelName, model.state]))
    const ideal: Ideal = { documents, ingested: new Map(), models, migrations: [] }
    await expectAsFromScratch(ideal, { corpus, steps: new Map() }, await engine.connect())
    expect(cuts).toBeGreaterThan(rounds / 3)
  })
})
