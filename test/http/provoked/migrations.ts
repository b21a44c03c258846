import { vi } from 'vitest'
import type * as contract from '../../../src/http/contract/migrations.ts'
import { call } from '../support/calls.ts'
import { small, wide } from '../support/service.ts'
import type { Provocation, ProvocationsOf } from './provocation.ts'
import { ending, failing, hosted, isDown, moving, refuses } from './world.ts'

const toHosted = { body: { target_model: hosted, consent: true } }

/** Of a migration that there is not. */
const unknown =
  (id: string): Provocation =>
  ({ app }) =>
    call(app, id, {
      params: { id: 4_711 },
      ...(id.startsWith('migration') || id === 'getMigration' ? {} : { body: {} }),
    })

/** Of one that was just started. */
const started =
  (id: string): Provocation =>
  (world) =>
    moving(world, {}, (ask) => ask(id))

/** Of one that is ready to be cut over. */
const ready =
  (id: string): Provocation =>
  (world) =>
    moving(world, { filled: true }, (ask) => ask(id))

/** Of one that was given up. */
const over =
  (id: string): Provocation =>
  (world) =>
    moving(world, {}, async (ask) => {
      await ask('cancelMigration')
      return ask(id)
    })

export const provocations: ProvocationsOf<typeof contract> = {
  planMigration: {
    200: ({ app }) => call(app, 'planMigration', { body: { target_model: wide } }),
    404: ({ app }) => call(app, 'planMigration', { body: { target_model: 'nobody' } }),
    409: async ({ app }) => {
      vi.useFakeTimers({ toFake: ['Date'], now: new Date('2099-01-01') })
      const answer = await call(app, 'planMigration', { body: { target_model: ending } })
      vi.useRealTimers()
      return answer
    },
    502: (world) => failing(world, refuses, 'planMigration', { body: { target_model: hosted } }),
    503: (world) => failing(world, isDown, 'planMigration', { body: { target_model: hosted } }),
  },
  startMigration: {
    201: async ({ app }) => {
      const answer = await call(app, 'startMigration', { body: { target_model: wide, consent: true } })
      await call(app, 'cancelMigration', { params: { id: answer.json.id }, body: {} })
      return answer
    },
    404: ({ app }) => call(app, 'startMigration', { body: { target_model: 'nobody', consent: true } }),
    409: ({ app }) => call(app, 'startMigration', { body: { target_model: wide } }),
    502: (world) => failing(world, refuses, 'startMigration', toHosted),
    503: (world) => failing(world, isDown, 'startMigration', toHosted),
  },
  listMigrations: { 200: ({ app }) => call(app, 'listMigrations') },
  getMigration: { 200: started('getMigration'), 404: unknown('getMigration') },
  migrationEvents: { 200: over('migrationEvents'), 404: unknown('migrationEvents') },
  migrationQuarantine: { 200: started('migrationQuarantine'), 404: unknown('migrationQuarantine') },
  pauseMigration: {
    200: started('pauseMigration'),
    404: unknown('pauseMigration'),
    409: over('pauseMigration'),
  },
  resumeMigration: {
    200: (world) =>
      moving(world, {}, async (ask) => {
        await ask('pauseMigration')
        return ask('resumeMigration')
      }),
    404: unknown('resumeMigration'),
    409: over('resumeMigration'),
  },
  cancelMigration: {
    200: started('cancelMigration'),
    404: unknown('cancelMigration'),
    409: (world) =>
      moving(world, { filled: true }, async (ask) => {
        await ask('cutOver')
        const answer = await ask('cancelMigration')
        await ask('rollBack')
        return answer
      }),
  },
  retryMigration: {
    200: started('retryMigration'),
    404: unknown('retryMigration'),
    409: over('retryMigration'),
  },
  verifyMigration: {
    200: ready('verifyMigration'),
    404: unknown('verifyMigration'),
    409: over('verifyMigration'),
  },
  cutOver: {
    200: (world) =>
      moving(world, { filled: true }, async (ask) => {
        const answer = await ask('cutOver')
        await ask('rollBack')
        return answer
      }),
    404: unknown('cutOver'),
    409: over('cutOver'),
  },
  rollBack: {
    200: (world) =>
      moving(world, { filled: true }, async (ask) => {
        await ask('cutOver')
        return ask('rollBack')
      }),
    404: unknown('rollBack'),
    409: over('rollBack'),
  },
  retire: {
    200: async (world) => {
      const { revector, app } = world
      await revector.models.add({ modelName: 'retired', dimension: 24, provider: 'lexical-hash' })
      await revector.models.use('retired', { force: true })
      const { id } = await revector.migrations.start({
        sourceModel: 'retired',
        targetModel: small,
        rollbackWindowSeconds: 0,
        gates: { overlap: null },
      })
      await revector.migrations.work({ once: true })
      await revector.migrations.cutOver(id)
      return call(app, 'retire', { params: { id }, body: {} })
    },
    404: unknown('retire'),
    409: over('retire'),
  },
}
