import fc from 'fast-check'
import { expect, it } from 'vitest'
import { work } from '../../src/migrate/fill/work.ts'
import { resumeMigration } from '../../src/migrate/pause.ts'
import { requireMigration } from '../../src/store/migrations.ts'
import { describeEngines } from '../support/engines.ts'
import { commands } from './histories/commands.ts'
import { type Ideal, openOf } from './histories/ideal.ts'
import { emptied, expectAgreement, expectAsFromScratch, freshModels, type Real } from './histories/real.ts'

/**
 * REVECTOR_HISTORIES=500 runs that many new ones on each engine, REVECTOR_SEED a seed of before; see CONTRIBUTING.md. Without
 * them the histories are always the same: what fails then is a change's fault, and not chance's.
 */
const asked = Number(process.env['REVECTOR_HISTORIES'] ?? 0)
const seed = Number(process.env['REVECTOR_SEED'] ?? (asked > 0 ? 0 : 1_679_791_378))

describeEngines('any history of a migration', (engine) => {
  const histories = asked > 0 ? asked : engine.name === 'embedded' ? 70 : 15

  it('ends with the tables of a database built from scratch', {
    timeout: 300_000 + asked * 60_000,
  }, async () => {
    const db = await engine.connect()
    const scratch = await engine.connect()
    const steps: Real['steps'] = new Map()
    const history = fc.asyncProperty(fc.commands(commands, { maxCommands: 80, size: 'max' }), async (run) => {
      const real: Real = { corpus: freshModels(await emptied(db)), steps }
      const ideal: Ideal = {
        documents: new Map(),
        ingested: new Map(),
        models: new Map([
          ['first', 'current'],
          ['second', 'registered'],
        ]),
        migrations: [],
      }
      await fc.asyncModelRun(() => ({ model: ideal, real }), run)
      await settle(ideal, real)
      await expectAsFromScratch(ideal, real, scratch)
    })
    await fc.assert(history, {
      numRuns: histories,
      endOnFailure: process.env['REVECTOR_SHRINK'] === undefined,
      ...(seed === 0 ? {} : { seed }),
    })
    const total = [...steps.values()].reduce((sum, count) => sum + count, 0)
    expect(total).toBeGreaterThan(histories * 10)
    if (asked > 0) {
      const counts = JSON.stringify(Object.fromEntries(steps))
      process.stdout.write(`${engine.name}: ${total} steps of histories: ${counts}\n`)
    }
  })
})

/** Whatever is under way comes to its end, and what is pending is paid. */
async function settle(ideal: Ideal, real: Real): Promise<void> {
  const { corpus } = real
  const open = openOf(ideal)
  if (open !== undefined) {
    await resumeMigration(corpus, { migrationId: open.id })
    open.state = 'going'
  }
  await work(corpus, { once: true })
  if (open !== undefined) {
    expect(await requireMigration(corpus.db, open.id)).toMatchObject({ state: 'ready' })
  }
  await expectAgreement(ideal, real)
}
