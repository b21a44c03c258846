import type { ChunkId } from '../core/document.ts'
import type {
  GateName,
  GateThresholds,
  Migration,
  MigrationEvent,
  MigrationId,
  MigrationScope,
  MigrationStatus,
} from '../core/migration.ts'
import type { OnProgress } from '../core/progress.ts'
import { idOf } from '../migrate/call.ts'
import { cancelMigration } from '../migrate/cancel.ts'
import { cutOver } from '../migrate/cut-over.ts'
import { migrationEvents } from '../migrate/events.ts'
import { retryQuarantined } from '../migrate/fill/retry.ts'
import { type WorkReport, work } from '../migrate/fill/work.ts'
import { pauseMigration, resumeMigration } from '../migrate/pause.ts'
import { type MigrationPlan, planMigration } from '../migrate/plan/plan.ts'
import { retireSource } from '../migrate/retire.ts'
import { rollBack } from '../migrate/roll-back.ts'
import { runMigration } from '../migrate/run.ts'
import { pairToPlan, startMigration } from '../migrate/start.ts'
import { migrationPage, migrationStatus, statusOf } from '../migrate/status.ts'
import { verifyMigration } from '../migrate/verify/verify-migration.ts'
import type { Deps } from '../store/deps.ts'
import { requireMigration } from '../store/migrations.ts'
import { type QuarantinedChunk, quarantinedChunks } from '../store/quarantine.ts'
import type { Runtime } from './runtime.ts'

/** Which chunks to migrate, to which model, and for how much. */
export interface PlanMigration {
  /** Default: the current model. */
  readonly sourceModel?: string
  readonly targetModel: string
  /** Default: everything. */
  readonly scope?: MigrationScope
  /** US dollars. Default: the catalogue's price of the target. */
  readonly pricePerMillionTokens?: number
  /** The migration pauses before it spends more. Default: no limit. */
  readonly budgetUsd?: number | null
  readonly signal?: AbortSignal
}

/** What may be changed while a migration is open. */
export interface MigrationLimits {
  readonly budgetUsd?: number | null
  readonly pricePerMillionTokens?: number
  /** The cut-over is allowed with up to this many chunks that can't be embedded. Default: 0. */
  readonly allowedQuarantined?: number
  /** How long the source is kept in sync after the cut-over. Default: 7 days. */
  readonly rollbackWindowSeconds?: number
}

export interface StartMigration extends PlanMigration, MigrationLimits {
  readonly gates?: Partial<GateThresholds>
  /** The plan that was confirmed. Without it one is made, which embeds a few chunks with the target. */
  readonly plan?: MigrationPlan
  /** For the audit log. Default: the user of this process at its host. */
  readonly createdBy?: string
}

/** The actor, for the audit log. Default: the user of this process at its host. */
export interface MigrationActor {
  readonly actor?: string
}

export interface MigrationEvents {
  /** Default: the newest that is not finished, else the newest. */
  readonly migrationId?: MigrationId
  /** Id of the last event seen. */
  readonly after?: string
  /** False: only past events. Default: also new ones. */
  readonly follow?: boolean
  readonly signal?: AbortSignal
}

export interface WorkOnMigrations {
  /** Only this migration. Default: every open migration, the oldest first, and pending chunks. */
  readonly migrationId?: MigrationId
  /** Ends when nothing is left to do. Default: waits for more until it is stopped. */
  readonly once?: boolean
  /** Batches in flight at once. Default: what the model allows, and one that is being stored. */
  readonly concurrency?: number
  /** In-flight batches finish, then the worker ends. */
  readonly signal?: AbortSignal
  /** Ends at once; in-flight batches are released. */
  readonly abort?: AbortSignal
  readonly onProgress?: OnProgress
}

export interface RunMigration extends StartMigration {
  readonly onProgress?: OnProgress
}

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
  work(request?: WorkOnMigrations): Promise<WorkReport>
  /**
   * Everything: start or continue; embed, build, verify and, unless only a part was to be migrated, cut over.
   * @throws RevectorError BUDGET_EXCEEDED, GATE_FAILED, MIGRATION_PAUSED, of the provider, INTERRUPTED
   */
  run(request: RunMigration): Promise<MigrationStatus>
  /** Queues quarantined chunks for another attempt; returns how many. */
  retry(id?: MigrationId, options?: MigrationActor): Promise<MigrationStatus & { readonly chunks: number }>
  /** Chunks that the target can't embed, and why; 50 a page, in the order of their ids. */
  quarantine(
    id?: MigrationId,
    page?: { readonly limit?: number; readonly after?: ChunkId },
  ): Promise<readonly QuarantinedChunk[]>
  pause(id?: MigrationId, options?: MigrationActor & { readonly reason?: string }): Promise<MigrationStatus>
  /** Continues where the migration was paused; given limits apply from now on. */
  resume(id?: MigrationId, options?: MigrationActor & MigrationLimits): Promise<MigrationStatus>
  /** Does not affect the source; frees the target's disk space, in bytes. */
  cancel(
    id?: MigrationId,
    options?: MigrationActor & { readonly signal?: AbortSignal },
  ): Promise<MigrationStatus & { readonly bytes: number }>
  /** Measures the gates: the migration is then `ready`, `filling` again if chunks are missing, or `paused`. */
  verify(
    id?: MigrationId,
    options?: MigrationActor & {
      readonly override?: readonly GateName[]
      readonly signal?: AbortSignal
    },
  ): Promise<MigrationStatus>
  /** One short transaction. @throws RevectorError MIGRATION_STATE, GATE_FAILED */
  cutOver(
    id?: MigrationId,
    options?: MigrationActor & { readonly override?: readonly GateName[] },
  ): Promise<MigrationStatus>
  /** Makes the source current again, with everything written meanwhile. One short transaction. */
  rollBack(id?: MigrationId, options?: MigrationActor): Promise<MigrationStatus>
  /**
   * Drops the source's vectors; returns the bytes freed. @throws RevectorError MODEL_IN_USE, MIGRATION_STATE
   */
  retire(
    id?: MigrationId,
    options?: MigrationActor & {
      /** Even before the rollback window ends. */
      readonly force?: boolean
      readonly signal?: AbortSignal
    },
  ): Promise<MigrationStatus & { readonly bytes: number }>
  /** From the first, or after the last one seen, as they happen. Ends with the migration or the signal. */
  events(request?: MigrationEvents): AsyncIterable<MigrationEvent>
}

export function migrationCalls({ opened }: Pick<Runtime, 'opened'>): Migrations {
  /** A call that returns the migration's new status. */
  async function then(work: (deps: Deps) => Promise<Migration>) {
    const deps = await opened()
    return statusOf(deps, await work(deps))
  }
  return {
    async plan({ sourceModel, targetModel, ...request }) {
      const deps = await opened()
      const { source, target } = await pairToPlan(deps.db, { sourceModel, targetModel })
      return planMigration(deps, { source, target, ...request })
    },
    start: (request) => then((deps) => startMigration(deps, request)),
    status: async (migrationId) => migrationStatus(await opened(), { migrationId }),
    list: async (page) => migrationPage(await opened(), page),
    work: async (request) => work(await opened(), request),
    run: (request) => then(async (deps) => (await runMigration(deps, request)).migration),
    async retry(migrationId, options) {
      const deps = await opened()
      const { migration, chunks } = await retryQuarantined(deps, { migrationId, ...options })
      return { ...(await statusOf(deps, migration)), chunks }
    },
    async quarantine(migrationId, { limit = 50, after } = {}) {
      const { db, layout } = await opened()
      const { targetModelId } = await requireMigration(db, await idOf(db, { migrationId }))
      if (targetModelId === null) return []
      return quarantinedChunks(db, layout, targetModelId, { limit, after })
    },
    pause: (migrationId, options) => then((deps) => pauseMigration(deps, { migrationId, ...options })),
    resume: (migrationId, options) => then((deps) => resumeMigration(deps, { migrationId, ...options })),
    async cancel(migrationId, options) {
      const deps = await opened()
      const { migration, bytes } = await cancelMigration(deps, { migrationId, ...options })
      return { ...(await statusOf(deps, migration)), bytes }
    },
    verify: (migrationId, options) =>
      then(async (deps) => (await verifyMigration(deps, { migrationId, ...options })).migration),
    cutOver: (migrationId, options) => then((deps) => cutOver(deps, { migrationId, ...options })),
    rollBack: (migrationId, options) => then((deps) => rollBack(deps, { migrationId, ...options })),
    async retire(migrationId, options) {
      const deps = await opened()
      const { migration, bytes } = await retireSource(deps, { migrationId, ...options })
      return { ...(await statusOf(deps, migration)), bytes }
    },
    async *events(request) {
      yield* migrationEvents(await opened(), request)
    },
  }
}
