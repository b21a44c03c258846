import { expect, it } from 'vitest'
import { sql } from '../../src/postgres/sql.ts'
import { missingChunks } from '../../src/store/coverage.ts'
import { fillVectors } from '../../src/store/embeddings.ts'
import { openApp } from '../http/open-app.ts'
import type { TestCorpus } from '../support/corpus-deps.ts'
import { describeEngines } from '../support/engines.ts'
import { answerCorpus, hear, lines } from './corpus.ts'

const further = Array.from(
  { length: 116 },
  (_, n) => `Number ${n} of the further lines is about kitchen ${n}.`,
)

/** A migration that has filled its target with all but the lines about pools and bread, which come first. */
async function startMigration({ db, layout, models, first, second }: TestCorpus): Promise<void> {
  const all = await missingChunks(db, layout, second, { limit: 1_000 })
  const filled = all.filter(({ content }) => !lines.includes(content))
  const { vectors } = await (await models.open(second)).embed(
    filled.map(({ content }) => content),
    { kind: 'document' },
  )
  await fillVectors(
    db,
    layout,
    second,
    vectors.map((vector, i) => ({ chunkId: filled[i]?.id ?? '', vector })),
  )
  await db.query(sql`
    insert into model_migrations (source_model_id, target_model_id, source_model, target_model, state, settings,
      calibration, target_was_empty)
    values (${first.id}, ${second.id}, 'first', 'second', 'filling', '{}',
      ${filled.slice(0, 60).map(({ id }) => id)}::text[], true)`)
}

describeEngines('an answer while a migration fills', (engine) => {
  it('is found by the models that are asked for, and says by which', async () => {
    const corpus = await answerCorpus(engine, [...lines, ...further])
    await startMigration(corpus)
    const query = 'How do I close the pool?'
    const asked = async (more: object) => (await hear(corpus, null, { query, ...more })).answer

    expect(await asked({})).not.toHaveProperty('serving')
    const both = await asked({ serve: 'both' })
    expect(both).toMatchObject({
      answered: true,
      model: 'first',
      serving: { asked: 'both', served: 'both', samplePairs: 60, reason: null },
    })
    expect(both.coverage).toEqual({ first: 1, second: 116 / 120 })
    // The target does not have it yet.
    expect(both.answer).toContain('To close the pool, call end.')
    const target = await asked({ serve: 'target' })
    expect(target).toMatchObject({ model: 'second', serving: { served: 'target' } })
    expect(target.answer).not.toContain('call end')
    expect(await asked({ serve: 'source' })).toMatchObject({ model: 'first', serving: { served: 'source' } })
  })

  it('is the current model’s where none is open', async () => {
    const corpus = await answerCorpus(engine)
    const { answer } = await hear(corpus, null, { query: 'How do I close the pool?', serve: 'both' })
    expect(answer).toMatchObject({
      answered: true,
      coverage: { first: 1 },
      serving: { served: 'source', reason: 'No migration away from the current model is open.' },
    })
  })
})

it('takes one way only', async () => {
  const { app } = await openApp()
  const ask = (payload: object) => app.inject({ method: 'POST', url: '/api/v1/query', payload })
  const refused = await ask({ query: 'x', serve: 'both', model: 'universal-sentence-encoder-lite' })
  expect(refused.statusCode).toBe(422)
  expect(refused.json()).toMatchObject({ code: 'INVALID_INPUT', field: 'serve' })
  expect((await ask({ query: 'x', serve: 'all' })).statusCode).toBe(422)
  expect((await ask({ query: 'x', serve: 'both' })).json()).toMatchObject({
    answered: false,
    serving: { asked: 'both', served: 'source', migration_id: null },
  })
})
