import { interrupted, isRevectorError, RevectorError } from '../core/errors.ts'
import type { OnProgress } from '../core/progress.ts'
import type { BuildLimits } from '../schema/build-memory.ts'
import { requireMigration, type StoredMigration } from '../store/migrations.ts'
import { countQuarantined, quarantinedChunks } from '../store/quarantine.ts'
import { isPartial } from '../store/scope.ts'
import type { MigrationReason, WorkReport } from '../wire/migration.ts'
import { cutOver } from './cut-over.ts'
import { couldNotEmbed } from './fill/could-not-embed.ts'
import { retryQuarantined } from './fill/retry.ts'
import type { WorkDeps } from './fill/shift.ts'
import { work } from './fill/work.ts'
import { resumeMigration } from './pause.ts'
import { type StartMigration, startMigration } from './start.ts'

/** In-flight batches finish first. */
export interface RunMigration extends StartMigration {
  /** What the build of the HNSW index may take, where it differs from the configuration. */
  readonly build?: BuildLimits
  readonly onProgress?: OnProgress
}

export interface Ran {
  readonly migration: StoredMigration
  /** What this call did; other workers may have done more. */
  readonly made: Pick<WorkReport, 'embedded' | 'reused' | 'tokens'>
}

/** Each pass only embeds what was written during the one before it. */
const passes = 100

/**
 * A whole migration: starts or continues it; fills, builds, verifies and, unless only a part of the corpus was
 * to be migrated, makes the target current. Quarantined chunks are retried.
 *
 * @throws RevectorError of the start, of the provider, GATE_FAILED, BUDGET_EXCEEDED, MIGRATION_PAUSED if an
 * operator paused it meanwhile, INTERRUPTED; run again, it continues
 */
export async function runMigration(deps: WorkDeps, request: RunMigration): Promise<Ran> {
  const { signal, onProgress } = request
  const actor = request.createdBy
  let migration = await takeUp(deps, await startMigration(deps, request), actor)
  const made = { embedded: 0, reused: 0, tokens: 0 }
  const { id: migrationId } = migration
  for (let pass = 1; pass <= passes; pass += 1) {
    if (migration.state === 'cut_over') return { migration, made }
    const failures: RevectorError[] = []
    const report = await work(deps, {
      migrationId,
      once: true,
      signal,
      onProgress,
      ...(request.build && { build: request.build }),
      onFailure: (error) => failures.push(error),
    })
    made.embedded += report.embedded
    made.reused += report.reused
    made.tokens += report.tokens
    migration = await requireMigration(deps.db, migrationId)
    if (signal?.aborted) throw interrupted(signal)
    if (migration.state === 'paused') throw await whyPaused(deps, migration, failures.at(-1))
    if (migration.state !== 'ready') throw unexpected(migration)
    if (isPartial(migration.scope)) return { migration, made }
    try {
      migration = await cutOver(deps, { migrationId, actor })
      onProgress?.({ type: 'model.switched', from: migration.sourceModel, to: migration.targetModel })
      return { migration, made }
    } catch (error) {
      // Documents were written that the target lacks: it is filling again.
      if (!isRevectorError(error, 'GATE_FAILED')) throw error
      migration = await requireMigration(deps.db, migrationId)
      if (migration.state !== 'filling') throw error
    }
  }
  throw new RevectorError(
    'DATABASE_BUSY',
    `"${migration.targetModel}" still lacks vectors after ${passes} passes: documents are written faster than they are embedded.`,
    { hint: 'Run the same command again while fewer documents are being written.' },
  )
}

/** Run again, a migration continues, whatever stopped it. */
async function takeUp(
  deps: WorkDeps,
  migration: StoredMigration,
  actor: string | undefined,
): Promise<StoredMigration> {
  const call = { migrationId: migration.id, actor }
  const { scope, targetModelId } = migration
  if (migration.state !== 'cut_over' && targetModelId !== null) {
    if ((await countQuarantined(deps.db, deps.layout, targetModelId, scope)) > 0) {
      await retryQuarantined(deps, call)
    }
  }
  return migration.state === 'paused' ? resumeMigration(deps, call) : migration
}

async function whyPaused(
  deps: WorkDeps,
  migration: StoredMigration,
  failure: RevectorError | undefined,
): Promise<RevectorError> {
  const { error } = migration
  if (error?.by === 'provider' && failure !== undefined) return failure
  if (error?.by === 'gate') return (await refusedChunks(deps, migration)) ?? gateFailed(migration, error)
  const code = error?.by === 'budget' ? 'BUDGET_EXCEEDED' : 'MIGRATION_PAUSED'
  return new RevectorError(
    code,
    `The migration to "${migration.targetModel}" is paused: ${error?.message ?? ''}`,
    { hint: error?.hint ?? 'Resume it with `revector migrate resume`.', data: dataOf(migration) },
  )
}

function gateFailed(migration: StoredMigration, { message, hint }: MigrationReason): RevectorError {
  return new RevectorError('GATE_FAILED', message, { hint, data: dataOf(migration) })
}

/** Lists the chunks, because an operator has to deal with each. */
async function refusedChunks(
  { db, layout }: WorkDeps,
  { targetModel, targetModelId, scope, allowedQuarantined, id }: StoredMigration,
): Promise<RevectorError | null> {
  if (targetModelId === null) return null
  const count = await countQuarantined(db, layout, targetModelId, scope)
  const chunks = await quarantinedChunks(db, layout, targetModelId, { limit: 100 })
  const [first] = chunks
  if (first === undefined || count <= allowedQuarantined) return null
  return couldNotEmbed(targetModel, {
    first,
    ids: chunks.map((chunk) => chunk.chunkId),
    count,
    hint: 'Change or remove the documents of these chunks, then run the same command again; or accept them with --allow-quarantined.',
    data: { migration_id: id },
  })
}

function unexpected(migration: StoredMigration): RevectorError {
  return new RevectorError(
    'MIGRATION_STATE',
    `The migration to "${migration.targetModel}" is ${migration.state}: another operator has changed it meanwhile.`,
    { hint: 'See `revector migrate status`.', data: dataOf(migration) },
  )
}

function dataOf(migration: StoredMigration): Readonly<Record<string, unknown>> {
  return {
    migration_id: migration.id,
    source: migration.sourceModel,
    target: migration.targetModel,
    state: migration.state,
    reason: migration.error?.code,
  }
}
