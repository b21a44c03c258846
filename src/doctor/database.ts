import { counted } from '../core/counted.ts'
import type { Database } from '../postgres/database.ts'
import type { Layout } from '../schema/layout.ts'
import { isOlder, parallelBuildsSafeSince } from '../schema/pgvector-version.ts'
import { countOrphanChunks, type ModelTableHealth, type OpenMigrationHealth } from '../store/health.ts'
import type { Check } from '../wire/doctor.ts'
import type { Model } from '../wire/model.ts'
import { fail, ok, warn } from './check.ts'

/**
 * Bugs of pgvector that can damage or stop an HNSW index, by the version that fixed them, newest first. From
 * its
 * CHANGELOG (https://github.com/pgvector/pgvector/blob/master/CHANGELOG.md):
 * - 0.8.4: "hnsw graph not repaired" and failing inserts while an HNSW index is vacuumed
 *   (https://github.com/pgvector/pgvector/issues/993)
 * - 0.8.3: possible index corruption with HNSW vacuuming (https://github.com/pgvector/pgvector/pull/988)
 * - 0.8.2: buffer overflow with parallel HNSW index builds, CVE-2026-3172
 *   (https://github.com/pgvector/pgvector/issues/959)
 * Each needs concurrent sessions, so the embedded engine, which has one, is not affected.
 */
const faults = [
  {
    before: [0, 8, 4],
    fault: 'vacuum of an HNSW index may stop with "hnsw graph not repaired"',
    damages: false,
  },
  { before: [0, 8, 3], fault: 'vacuum may corrupt an HNSW index while rows are inserted', damages: true },
  {
    before: parallelBuildsSafeSince,
    fault: 'parallel HNSW builds overflow a buffer (CVE-2026-3172); Revector builds with one process',
    damages: true,
  },
] as const

/** Takes version and engine as arguments, so that every version can be tested. */
export function checkPgvector(db: Pick<Database, 'pgvectorVersion' | 'concurrent'>): Check {
  const version = db.pgvectorVersion
  const found = db.concurrent ? faults.filter(({ before }) => isOlder(version, before)) : []
  const data = { version, faults: found.map(({ fault }) => fault) }
  if (found.length === 0) return ok('pgvector', null, { sentence: `pgvector ${version}.`, data })
  const rebuild = found.some(({ damages }) => damages)
    ? ', then rebuild the HNSW indexes (`reindex index concurrently`)'
    : ''
  return warn('pgvector', null, {
    sentence: `pgvector ${version} has known bugs: ${data.faults.join('; ')}.`,
    hint: `Update pgvector to 0.8.4 or newer (\`alter extension vector update\`)${rebuild}.`,
    data,
  })
}

export function checkCurrentModel(models: readonly Model[]): Check {
  const current = models.find((model) => model.state === 'current')
  if (current !== undefined) {
    return ok('current_model', current.modelName, { sentence: `"${current.modelName}" is current.` })
  }
  return fail('current_model', null, {
    sentence: 'No model is current: searches without a model name are refused.',
    hint: 'Make a model current with `revector models use NAME`.',
  })
}

/** Every registered model has its table, and every table its model. */
export function checkTables(models: readonly Model[], tables: readonly ModelTableHealth[]): readonly Check[] {
  const without = models.filter(
    (model) => model.state !== 'retired' && !tables.some((table) => table.modelId === model.id),
  )
  const strangers = tables.filter((table) => !models.some((model) => model.id === table.modelId))
  const checks = [
    ...without.map((model) =>
      fail('tables', model.modelName, {
        sentence: `"${model.modelName}" is registered but has no table for its vectors.`,
        hint: 'Create it with `revector db setup-models`.',
        data: { state: model.state },
      }),
    ),
    ...strangers.map(({ table }) =>
      warn('tables', null, {
        sentence: `${table} belongs to no registered model: no search reads it, but every write of a chunk checks it.`,
        hint: `Check whether its rows are needed; if not: drop table ${table}.`,
        data: { table },
      }),
    ),
  ]
  if (checks.length > 0) return checks
  return [
    ok('tables', null, {
      sentence: `${counted(tables.length, 'model has its table', 'models have their tables')}.`,
    }),
  ]
}

export async function checkOrphanChunks(db: Database, layout: Layout): Promise<readonly Check[]> {
  const chunks = await countOrphanChunks(db, layout)
  if (chunks === 0) return []
  return [
    warn('orphans', null, {
      sentence: `${counted(chunks, 'chunk belongs', 'chunks belong')} to a document that no longer exists: searches find ${chunks === 1 ? 'it' : 'them'} without a title.`,
      hint: 'Delete them, or restore their documents.',
      data: { chunks },
    }),
  ]
}

/** An open migration without any activity for this long needs an operator. */
const idleSeconds = 60

export function checkMigrations(
  migrations: readonly OpenMigrationHealth[],
  { models, workers }: { readonly models: readonly Model[]; readonly workers: number },
): readonly Check[] {
  const checks = migrations.map((migration) => checkMigration(migration, workers))
  for (const model of models) {
    if (model.state !== 'filling' || migrations.some((one) => one.targetModelId === model.id)) continue
    checks.push(
      warn('migrations', model.modelName, {
        sentence: `"${model.modelName}" is in state filling without a migration: writes still embed for it, but no worker will finish it.`,
        hint: `Continue with \`revector migrate start --to ${model.modelName}\`, or \`revector models remove ${model.modelName} --force\`.`,
      }),
    )
  }
  return checks.length > 0 ? checks : [ok('migrations', null, { sentence: 'No migration is open.' })]
}

function checkMigration(migration: OpenMigrationHealth, workers: number): Check {
  const { id, state, sourceModel, targetModel, reason, expiredLeases, liveLeases } = migration
  const what = `Migration ${id} from "${sourceModel}" to "${targetModel}"`
  const data = { id, state, reason, expiredLeases, liveLeases, workers, idleSeconds: migration.idleSeconds }
  if (state === 'paused') {
    return warn('migrations', targetModel, {
      sentence: `${what} is paused${reason === null ? '.' : `: ${reason.message}`}`,
      hint: reason?.hint || `Continue with \`revector migrate resume ${id}\`, or cancel it.`,
      data,
    })
  }
  if (state === 'ready') {
    return warn('migrations', targetModel, {
      sentence: `${what} is ready for its cut-over; until then every write is embedded twice.`,
      hint: `Run \`revector migrate cutover ${id}\`, or \`revector migrate cancel ${id}\`.`,
      data,
    })
  }
  if (expiredLeases > 0) {
    return warn('migrations', targetModel, {
      sentence: `${what} has ${counted(expiredLeases, 'batch', 'batches')} whose worker has stopped responding: it died, or its machine hangs.`,
      hint: 'Another worker will take these batches; start one with `revector worker`.',
      data,
    })
  }
  if (workers === 0 && liveLeases === 0 && migration.idleSeconds > idleSeconds) {
    return warn('migrations', targetModel, {
      sentence: `${what} is ${state}, but no worker is running.`,
      hint: 'Start a worker with `revector worker`.',
      data,
    })
  }
  return ok('migrations', targetModel, { sentence: `${what} is ${state}.`, data })
}
