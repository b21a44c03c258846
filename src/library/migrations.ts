import type { Migration } from '../core/migration.ts'
import { cancelMigration } from '../migrate/cancel.ts'
import { cutOver } from '../migrate/cut-over.ts'
import { migrationEvents } from '../migrate/events.ts'
import { retryQuarantined } from '../migrate/fill/retry.ts'
import { work } from '../migrate/fill/work.ts'
import { idOf } from '../migrate/parts.ts'
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
  async function then(work: (parts: Opened) => Promise<Migration>) {
    const parts = await opened()
    return statusOf(parts, await work(parts))
  }
  return {
    async plan({ sourceModel, targetModel, ...request }) {
      const parts = await opened()
      const { source, target } = await pairToPlan(parts.db, { sourceModel, targetModel })
      return planMigration(parts, { source, target, ...request })
    },
    start: (request) => then((parts) => startMigration(parts, request)),
    status: async (migrationId) => migrationStatus(await opened(), { migrationId }),
    list: async (page) => migrationPage(await opened(), page),
    work: async (request) => work(await opened(), request),
    run: (request) => then(async (parts) => (await runMigration(parts, request)).migration),
    async retry(migrationId, options) {
      const parts = await opened()
      const { migration, chunks } = await retryQuarantined(parts, { migrationId, ...options })
      return { ...(await statusOf(parts, migration)), chunks }
    },
    async quarantine(migrationId, { limit = 50, after } = {}) {
      const { db, layout } = await opened()
      const { targetModelId } = await requireMigration(db, await idOf(db, { migrationId }))
      if (targetModelId === null) return []
      return quarantinedChunks(db, layout, targetModelId, { limit, after })
    },
    pause: (migrationId, options) => then((parts) => pauseMigration(parts, { migrationId, ...options })),
    resume: (migrationId, options) => then((parts) => resumeMigration(parts, { migrationId, ...options })),
    async cancel(migrationId, options) {
      const parts = await opened()
      const { migration, bytes } = await cancelMigration(parts, { migrationId, ...options })
      return { ...(await statusOf(parts, migration)), bytes }
    },
    verify: (migrationId, options) =>
      then(async (parts) => (await verifyMigration(parts, { migrationId, ...options })).migration),
    cutOver: (migrationId, options) => then((parts) => cutOver(parts, { migrationId, ...options })),
    rollBack: (migrationId, options) => then((parts) => rollBack(parts, { migrationId, ...options })),
    async retire(migrationId, options) {
      const parts = await opened()
      const { migration, bytes } = await retireSource(parts, { migrationId, ...options })
      return { ...(await statusOf(parts, migration)), bytes }
    },
    async *events(request) {
      yield* migrationEvents(await opened(), request)
    },
  }
}
