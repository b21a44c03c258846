import type { Migration } from '../core/migration.ts'
import { cancelMigration } from '../migrate/cancel.ts'
import { cutOver } from '../migrate/cut-over.ts'
import { idOf } from '../migrate/deps.ts'
import { migrationEvents } from '../migrate/events.ts'
import { retryQuarantined } from '../migrate/fill/retry.ts'
import { work } from '../migrate/fill/work.ts'
import { pauseMigration, resumeMigration } from '../migrate/pause.ts'
import { planMigration } from '../migrate/plan/plan.ts'
import { retireSource } from '../migrate/retire.ts'
import { rollBack } from '../migrate/roll-back.ts'
import { runMigration } from '../migrate/run.ts'
import { pairToPlan, startMigration } from '../migrate/start.ts'
import { migrationPage, migrationStatus, statusOf } from '../migrate/status.ts'
import { verifyMigration } from '../migrate/verify/verify-migration.ts'
import { requireMigration } from '../store/migrations.ts'
import { quarantinedChunks } from '../store/quarantine.ts'
import type { Migrations } from './migration-interface.ts'
import type { Opened, Runtime } from './runtime.ts'

/** `revector.migrations`: moves from model to model. */
export function migrationCalls({ opened }: Pick<Runtime, 'opened'>): Migrations {
  /** A call that ends with where the migration is then. */
  async function then(work: (deps: Opened) => Promise<Migration>) {
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
