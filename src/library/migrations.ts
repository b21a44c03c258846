import type { ChunkId } from '../core/document.ts'
import { idOf, type MigrationCall } from '../migrate/call.ts'
import { type CancelRequest, cancelMigration } from '../migrate/cancel.ts'
import { type CutOverRequest, cutOver } from '../migrate/cut-over.ts'
import { type EventsRequest, migrationEvents } from '../migrate/events.ts'
import { retryQuarantined } from '../migrate/fill/retry.ts'
import type { WorkRequest } from '../migrate/fill/shift.ts'
import { work } from '../migrate/fill/work.ts'
import { type PauseRequest, pauseMigration, type ResumeRequest, resumeMigration } from '../migrate/pause.ts'
import { type PlanMigration, planMigration } from '../migrate/plan/plan.ts'
import { type RetireRequest, retireSource } from '../migrate/retire.ts'
import { rollBack } from '../migrate/roll-back.ts'
import { type RunMigration, runMigration } from '../migrate/run.ts'
import { pairToPlan, type StartMigration, startMigration } from '../migrate/start.ts'
import { migrationPage, migrationStatus, statusOf } from '../migrate/status.ts'
import { type VerifyMigration, verifyMigration } from '../migrate/verify/verify-migration.ts'
import type { Work } from '../schema/rights.ts'
import type { Deps } from '../store/deps.ts'
import { requireMigration } from '../store/migrations.ts'
import { quarantinedChunks } from '../store/quarantine.ts'
import type {
  Migration,
  MigrationId,
  MigrationStatus,
  QuarantinedChunk,
  WorkReport,
} from '../wire/migration.ts'
import type { MigrationEvent } from '../wire/migration-event.ts'
import type { MigrationPlan } from '../wire/migration-plan.ts'
import type { Runtime } from './runtime.ts'

/** The migration is a parameter of its own. */
type Options<Call extends MigrationCall> = Omit<Call, 'migrationId'>

type StatusWith<Count extends string> = MigrationStatus & { readonly [Name in Count]: number }

/** `revector.migrations`. */
export interface Migrations {
  /** What it would take. Writes nothing. @throws RevectorError if the target does not respond correctly */
  plan(request: PlanMigration): Promise<MigrationPlan>
  /**
   * From now on every write reaches the target too; workers embed the rest. Called again, it only changes the
   * given limits; a wider scope extends the migration. @throws RevectorError MIGRATION_CONFLICT
   */
  start(request: StartMigration): Promise<MigrationStatus>
  /** Counted in the database. */
  status(id?: MigrationId): Promise<MigrationStatus>
  /** Newest first, 50 a page. */
  list(page?: { readonly limit?: number; readonly before?: MigrationId }): Promise<readonly Migration[]>
  /** One worker: embeds, builds and verifies for migrations, and embeds pending chunks. Any number may run. */
  work(request?: WorkRequest): Promise<WorkReport>
  /**
   * Everything: start or continue; embed, build, verify and, unless only a part was to be migrated, cut over.
   * @throws RevectorError BUDGET_EXCEEDED, GATE_FAILED, MIGRATION_PAUSED, of the provider, INTERRUPTED
   */
  run(request: RunMigration): Promise<MigrationStatus>
  /** Queues quarantined chunks for another attempt; returns how many. */
  retry(id?: MigrationId, options?: Options<MigrationCall>): Promise<StatusWith<'chunks'>>
  /** Chunks that the target can't embed, and why; 50 a page, in the order of their ids. */
  quarantine(
    id?: MigrationId,
    page?: { readonly limit?: number; readonly after?: ChunkId },
  ): Promise<readonly QuarantinedChunk[]>
  pause(id?: MigrationId, options?: Options<PauseRequest>): Promise<MigrationStatus>
  /** Continues where the migration was paused; given limits apply from now on. */
  resume(id?: MigrationId, options?: Options<ResumeRequest>): Promise<MigrationStatus>
  /** Does not affect the source; frees the target's disk space, in bytes. */
  cancel(id?: MigrationId, options?: Options<CancelRequest>): Promise<StatusWith<'bytes'>>
  /** Measures the gates: the migration is then `ready`, `filling` again if chunks are missing, or `paused`. */
  verify(id?: MigrationId, options?: Options<VerifyMigration>): Promise<MigrationStatus>
  /** One short transaction. @throws RevectorError MIGRATION_STATE, GATE_FAILED */
  cutOver(id?: MigrationId, options?: Options<CutOverRequest>): Promise<MigrationStatus>
  /** Makes the source current again, with everything written meanwhile. One short transaction. */
  rollBack(id?: MigrationId, options?: Options<MigrationCall>): Promise<MigrationStatus>
  /** Drops the source's vectors; returns the bytes freed. @throws RevectorError MODEL_IN_USE, MIGRATION_STATE */
  retire(id?: MigrationId, options?: Options<RetireRequest>): Promise<StatusWith<'bytes'>>
  /** From the first, or after the last one seen, as they happen. Ends with the migration or the signal. */
  events(request?: EventsRequest): AsyncIterable<MigrationEvent>
}

export function migrationCalls({ opened }: Pick<Runtime, 'opened'>): Migrations {
  /** A call that returns the migration's new status. */
  async function statusAfter(work: (deps: Deps) => Promise<Pick<Migration, 'id'>>, needed: Work = 'service') {
    const deps = await opened(needed)
    return statusOf(deps, await work(deps))
  }
  /** The same with what the call counted. */
  async function statusAndCounts<Counted extends { readonly migration: Pick<Migration, 'id'> }>(
    work: (deps: Deps) => Promise<Counted>,
    needed: Work,
  ) {
    const deps = await opened(needed)
    const { migration, ...counted } = await work(deps)
    return { ...(await statusOf(deps, migration)), ...counted }
  }
  return {
    async plan(request) {
      const deps = await opened()
      return planMigration(deps, { ...request, ...(await pairToPlan(deps.db, request)) })
    },
    // The user that starts a migration must be able to end it: an index is built, a table is dropped.
    start: (request) => statusAfter((deps) => startMigration(deps, request), 'owner'),
    status: async (migrationId) => migrationStatus(await opened(), { migrationId }),
    list: async (page) => migrationPage(await opened(), page),
    work: async (request) => work(await opened('service'), request),
    run: (request) => statusAfter(async (deps) => (await runMigration(deps, request)).migration, 'owner'),
    retry: (migrationId, options) =>
      statusAndCounts((deps) => retryQuarantined(deps, { migrationId, ...options }), 'service'),
    async quarantine(migrationId, { limit = 50, after } = {}) {
      const { db, layout } = await opened()
      const { targetModelId } = await requireMigration(db, await idOf(db, { migrationId }))
      if (targetModelId === null) return []
      return quarantinedChunks(db, layout, targetModelId, { limit, after })
    },
    pause: (migrationId, options) => statusAfter((deps) => pauseMigration(deps, { migrationId, ...options })),
    resume: (migrationId, options) =>
      statusAfter((deps) => resumeMigration(deps, { migrationId, ...options })),
    cancel: (migrationId, options) =>
      statusAndCounts((deps) => cancelMigration(deps, { migrationId, ...options }), 'owner'),
    verify: (migrationId, options) =>
      statusAfter(async (deps) => (await verifyMigration(deps, { migrationId, ...options })).migration),
    cutOver: (migrationId, options) => statusAfter((deps) => cutOver(deps, { migrationId, ...options })),
    rollBack: (migrationId, options) => statusAfter((deps) => rollBack(deps, { migrationId, ...options })),
    retire: (migrationId, options) =>
      statusAndCounts((deps) => retireSource(deps, { migrationId, ...options }), 'owner'),
    async *events(request) {
      yield* migrationEvents(await opened(), request)
    },
  }
}
