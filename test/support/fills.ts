import { expect } from 'vitest'
import { advance } from '../../src/migrate/advance.ts'
import { type Pace, usualPace } from '../../src/migrate/fill/worker.ts'
import { sql } from '../../src/postgres/sql.ts'
import {
  insertMigration,
  type MigrationSettings,
  requireMigration,
  type StoredMigration,
} from '../../src/store/migrations.ts'
import { lockModels, setModelState } from '../../src/store/models.ts'
import { defaultGates, type MigrationScope } from '../../src/wire/migration.ts'
import type { Model } from '../../src/wire/model.ts'
import { type TestCorpus, wrongVectors } from './corpus-deps.ts'

/** A migration from the first to the second model that is filling, without a plan: the target is not probed. */
export async function beginFill(
  corpus: TestCorpus,
  given: {
    readonly scope?: MigrationScope
    readonly settings?: Partial<MigrationSettings>
    readonly target?: Model
  } = {},
): Promise<StoredMigration> {
  const { db, first } = corpus
  const second = given.target ?? corpus.second
  return db.transaction(async (tx) => {
    await lockModels(tx)
    const { id } = await insertMigration(tx, {
      source: first,
      target: second,
      scope: given.scope ?? {},
      settings: {
        budgetUsd: null,
        pricePerMillionTokens: null,
        allowedQuarantined: 0,
        rollbackWindowSeconds: 3_600,
        gates: defaultGates,
        batchItems: 16,
        ...given.settings,
      },
      plan: null,
      targetWasEmpty: true,
      targetState: 'registered',
      createdBy: 'test',
    })
    await setModelState(tx, second.id, 'filling')
    const data = { source: first.modelName, target: second.modelName, scope: given.scope ?? {} }
    return (await advance(tx, id, { event: 'started', data, actor: 'test' })).migration
  })
}

/** Workers that don't wait for long. */
export const quick: Pace = { ...usualPace, leaseMs: 5_000, heartbeatMs: 500, pollMs: 10 }

export async function stateOf({ db }: TestCorpus, { id }: StoredMigration): Promise<StoredMigration> {
  return requireMigration(db, id)
}

/** Each chunk has the right vector of the second model, exactly once, and nothing is left to do. */
export async function expectFilled(corpus: TestCorpus, quarantined = 0): Promise<void> {
  const { rows } = await corpus.db.query(sql`
    select (select count(*)::int from chunks) as chunks,
      (select count(*)::int from chunk_embeddings where model_id = ${corpus.second.id}) as vectors,
      (select count(distinct chunk_id)::int from chunk_embeddings where model_id = ${corpus.second.id}) as served,
      (select count(*)::int from quarantined_chunks where model_id = ${corpus.second.id}) as quarantined,
      (select count(*)::int from migration_batches) as batches`)
  const [row] = rows
  const chunks = Number(row?.['chunks'])
  const vectors = chunks - quarantined
  expect(row).toEqual({ chunks, vectors, served: vectors, quarantined, batches: 0 })
  expect(await wrongVectors(corpus, corpus.second)).toEqual([])
}

export function texts(count: number, of = 'text'): string[] {
  return Array.from({ length: count }, (_, i) => `${of} number ${i}`)
}

/** Texts that the second model was asked for by fills: plans and verifications ask for samples too. */
export function watchFills({ db, models }: TestCorpus): readonly string[] {
  const asked: string[] = []
  const open = models.open
  models.open = async (model) => {
    const opened = await open(model)
    if (model.modelName !== 'second') return opened
    return {
      ...opened,
      async embedEach(texts, options) {
        const { rows } = await db.query(
          sql`select state from model_migrations where state = 'verifying' or paused_from = 'verifying'`,
        )
        if (rows.length === 0) asked.push(...texts)
        return opened.embedEach(texts, options)
      },
    }
  }
  return asked
}
