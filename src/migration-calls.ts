import type { Migration } from './core/migration.ts'
import type { Revector } from './interface.ts'
import { cancelMigration } from './migrate/cancel.ts'
import { cutOver } from './migrate/cut-over.ts'
import { migrationEvents } from './migrate/events.ts'
import { pauseMigration, resumeMigration } from './migrate/pause.ts'
import { planMigration } from './migrate/plan.ts'
import { retireSource } from './migrate/retire.ts'
import { rollBack } from './migrate/roll-back.ts'
import { startMigration } from './migrate/start.ts'
import { migrationPage, migrationStatus, statusOf } from './migrate/status.ts'
import { verifyMigration } from './migrate/verify-migration.ts'
import type { Opened, Runtime } from './runtime.ts'
import { requireCurrentModel, requireModel } from './store/models.ts'

/** `revector.migrations`: moves from model to model. */
export function migrationCalls({ opened }: Pick<Runtime, 'opened'>): Revector['migrations'] {
  /** A call that ends with where the migration is then. */
  async function then(work: (parts: Opened) => Promise<Migration>) {
    const parts = await opened()
    return statusOf(parts, await work(parts))
  }
  return {
    async plan({ sourceModel, targetModel, ...request }) {
      const parts = await opened()
      const source =
        sourceModel === undefined
          ? await requireCurrentModel(parts.db)
          : await requireModel(parts.db, sourceModel)
      const target = await requireModel(parts.db, targetModel)
      return planMigration(parts, { source, target, ...request })
    },
    start: (request) => then((parts) => startMigration(parts, request)),
    status: async (migrationId) => migrationStatus(await opened(), { migrationId }),
    list: async (page) => migrationPage(await opened(), page),
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
