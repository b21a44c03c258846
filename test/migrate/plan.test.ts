import { beforeAll, expect, it } from 'vitest'
import { RevectorError } from '../../src/core/errors.ts'
import { specFor } from '../../src/embedding/catalogue.ts'
import { openEmbeddingModel } from '../../src/embedding/open.ts'
import { tokenCounter } from '../../src/embedding/tokens.ts'
import { type PlanMigration, planMigration } from '../../src/migrate/plan/plan.ts'
import { addModel } from '../../src/models/registry.ts'
import { sql } from '../../src/postgres/sql.ts'
import type { MigrationPlan } from '../../src/wire/migration-plan.ts'
import type { Model, ModelSpec } from '../../src/wire/model.ts'
import { embedChunks, type TestCorpus, testCorpus, writeLines } from '../support/corpus-deps.ts'
import { describeEngines } from '../support/engines.ts'
import { bareEnvironment, space } from '../support/models.ts'
import { fakeProvider } from '../support/providers/server.ts'
import { paragraphs } from '../support/words.ts'

const openai = 'text-embedding-3-small'

describeEngines('a plan', (engine) => {
  let corpus: TestCorpus
  const lines = paragraphs(40)

  beforeAll(async () => {
    corpus = await testCorpus(await engine.connect())
    await writeLines(corpus, 'a.md', [...lines, lines[0] ?? '', lines[1] ?? ''])
    await writeLines(corpus, 'b.md', paragraphs(10, 2))
    // Nothing to embed: it counts nowhere.
    await corpus.db.query(sql`
      insert into chunks (document_id, position, content, content_hash, start_offset, end_offset, heading_path, token_count)
      select id, 99, ' ', 'blank', 0, 1, '{}', 0 from documents limit 1`)
  })

  const plan = (
    target: Model,
    more: Partial<PlanMigration> = {},
    deps: object = {},
  ): Promise<MigrationPlan> =>
    planMigration({ ...corpus, ...deps }, { source: corpus.first, target, ...more })

  /** A hosted model at a fake provider, through its real client. */
  async function hosted(more: Partial<ModelSpec> = {}) {
    const wire = await fakeProvider('openai', 1536)
    const spec = specFor(openai, { baseUrl: wire.url, ...more })
    const model = await addModel(corpus, spec)
    const models = {
      open: (one: Model) =>
        openEmbeddingModel(
          { ...one, baseUrl: wire.url },
          {
            ...bareEnvironment,
            keys: { OPENAI_API_KEY: 'key' },
            keyHosts: [new URL(wire.url).host],
            limits: { [openai]: { maxAttempts: 1 } },
          },
        ),
    }
    return { wire, model, models }
  }

  it('counts chunks, what identical content saves, bytes and minutes, and writes nothing', async () => {
    const rows = async () =>
      (
        await corpus.db.query(sql`
        select (select count(*)::int from chunk_embeddings) as vectors,
          (select count(*)::int from model_migrations) as migrations,
          (select array_agg(state order by id) from embedding_models) as states`)
      ).rows
    const before = await rows()
    const planned = await plan(corpus.second)
    expect(planned).toMatchObject({
      sourceModel: 'first',
      targetModel: 'second',
      corpusChunks: 52,
      totalChunks: 52,
      missingChunks: 52,
      texts: 50,
      savedByIdenticalContent: 2,
      tokensExact: false,
      pricePerMillionTokens: 0,
      priceFrom: 'catalogue',
      costUsdEstimate: 0,
      retirement: null,
      etaFrom: 'probe',
      probe: { texts: 16 },
      warnings: [],
    })
    expect(planned.etaSeconds).toBeGreaterThan(0)
    expect(planned.vectorBytes).toBeGreaterThan(52 * 24 * 4)
    expect(planned.indexBytes).toBeGreaterThanOrEqual(8_192)
    expect(await rows()).toEqual(before)
  })

  it('says what the disk has free where there is a folder, and warns where that is too little', async () => {
    expect((await plan(corpus.second)).freeBytes).toBeNull()
    const db = { ...corpus.db, files: { path: process.cwd() } }
    const planned = await plan(corpus.second, {}, { db })
    expect(planned.freeBytes).toBeGreaterThan(0)
    expect(planned.warnings).toEqual([])
    const proc = { ...corpus.db, files: { path: '/proc' } }
    const [warning] = (await plan(corpus.second, {}, { db: proc })).warnings
    expect(warning).toMatch(/^It needs about [1-9]\d* MB on a disk that has 0 MB free\.$/)
  })

  it('asks the target for real chunks, through its own layers', async () => {
    const { second, models } = corpus
    const seen = models.texts.get('second')?.length ?? 0
    await plan(second)
    const asked = models.texts.get('second')?.slice(seen) ?? []
    expect(new Set(asked).size).toBe(16)
    expect([...lines, ...paragraphs(10, 2)]).toEqual(expect.arrayContaining(asked))
  })

  it('counts tokens exactly where the tokenizer is known, and prices them', async () => {
    const { model, models } = await hosted()
    const planned = await plan(model, {}, { models })
    const count = await tokenCounter(model)
    const texts = [...lines, ...paragraphs(10, 2)]
    const tokens = texts.reduce((sum, text) => sum + count(text), 0)
    expect(planned).toMatchObject({ tokens, tokensExact: true, pricePerMillionTokens: 0.02 })
    expect(planned.costUsdEstimate).toBeCloseTo((tokens * 0.02) / 1e6, 12)
    expect(planned.limits).toMatchObject({ requestsPerMinute: expect.any(Number) })
    const dearer = await plan(model, { pricePerMillionTokens: 100, budgetUsd: 0.01 }, { models })
    expect(dearer).toMatchObject({ pricePerMillionTokens: 100, priceFrom: 'request' })
    expect(dearer.warnings).toEqual([expect.stringContaining('pause at the budget of $0.01')])
  })

  it('says when the price is not known', async () => {
    const unknown = await addModel(corpus, { ...space('own', 8), provider: 'custom', remoteName: 'own' })
    const models = { open: () => corpus.models.open({ ...corpus.second, dimension: 8 }) }
    const planned = await plan(unknown, {}, { models })
    expect(planned).toMatchObject({ costUsdEstimate: null, priceFrom: null })
    expect(planned.warnings).toEqual([expect.stringContaining('price of own is unknown')])
  })

  it('counts only what is in scope, and what is missing', async () => {
    const part = await plan(corpus.second, { scope: { sample: 20 } })
    expect(part).toMatchObject({ corpusChunks: 52, totalChunks: 20, missingChunks: 20 })
    expect(part.warnings).toEqual(['32 of 52 chunks are out of scope and stay with the source.'])
    expect(await plan(corpus.second, { scope: { where: { lang: 'fr' } } })).toMatchObject({ totalChunks: 0 })
    const done = await plan(corpus.first)
    expect(done).toMatchObject({
      totalChunks: 52,
      missingChunks: 0,
      texts: 0,
      tokens: 0,
      etaSeconds: 0,
      etaFrom: 'nothing to do',
    })
    // Texts that the model has elsewhere are not paid for, whatever the scope.
    const third = await addModel(corpus, space('third', 20))
    await embedChunks(corpus, third)
    const table = `chunk_embeddings_model_${third.id}`
    await corpus.db.query({
      text: `delete from ${table} where chunk_id = (select min(id) from chunks)`,
      values: [],
    })
    expect(await plan(third)).toMatchObject({ missingChunks: 1, texts: 0, savedByIdenticalContent: 1 })
  })

  it('takes limits into account', async () => {
    const { model, models } = await hosted()
    const slow = {
      open: async (one: Model) => {
        const opened = await models.open(one)
        return { ...opened, limits: { ...opened.limits, requestsPerMinute: 1, batchItems: 10 } }
      },
    }
    expect(await plan(model, {}, { models: slow })).toMatchObject({
      etaSeconds: 300,
      etaFrom: 'requests per minute',
    })
  })

  it('stops at a wrong width, a refused key, a missing key, a model past its end', async () => {
    const { wire, model, models } = await hosted()
    wire.fail('wrong-width')
    await expect(plan(model, {}, { models })).rejects.toMatchObject({
      code: 'EMBEDDING_DIMENSION_MISMATCH',
      data: { expected: 1536, received: 1535 },
    })
    wire.fail({ status: 401 })
    await expect(plan(model, {}, { models })).rejects.toMatchObject({ code: 'PROVIDER_REFUSED' })
    const keyless = { open: (one: Model) => openEmbeddingModel(one, bareEnvironment) }
    await expect(plan(model, {}, { models: keyless })).rejects.toMatchObject({ code: 'PROVIDER_KEY_MISSING' })

    const gemini = await addModel(corpus, specFor('gemini-embedding-001'))
    await expect(plan(gemini, {}, { today: new Date('2028-05-15') })).rejects.toMatchObject({
      code: 'MODEL_RETIRED',
      data: { retirement: '2028-05-14' },
    })
    const open = { open: () => corpus.models.open({ ...corpus.second, dimension: 3072 }) }
    const last = await plan(gemini, {}, { models: open, today: new Date('2028-05-14') })
    expect(last.warnings).toEqual([expect.stringContaining('will be retired by its provider on 2028-05-14')])
  })

  it('goes on when one text can’t be embedded, and stops when none can', async () => {
    const { second, models } = corpus
    models.poison.add(lines[0] ?? '').add(lines[1] ?? '')
    expect((await plan(second)).texts).toBe(50)
    for (const line of [...lines, ...paragraphs(10, 2)]) models.poison.add(line)
    await expect(plan(second)).rejects.toMatchObject({ code: 'PROVIDER_REFUSED' })
    models.poison.clear()
    models.before = async () => {
      throw new RevectorError('PROVIDER_UNAVAILABLE', 'Gone.')
    }
    await expect(plan(second)).rejects.toMatchObject({ code: 'PROVIDER_UNAVAILABLE' })
    models.before = async () => {}
  })

  it('says what the index needs to be built, what it gets, and what to set', async () => {
    const wide = await addModel(corpus, space('wide', 2_000))
    await corpus.db.query(sql`
      insert into chunks (document_id, position, content, content_hash, start_offset, end_offset, token_count)
      select (select min(id) from documents), 100 + i, 'Text ' || i, 'hash ' || i, 0, 1, 1
      from generate_series(1, 100) as i`)
    const enough = await plan(wide)
    expect(enough.index).toMatchObject({ fits: true, neededBytes: 152 * 8_600 * 1.2 })
    expect(enough.warnings).toEqual([])
    const little = await plan(wide, { build: { memory: 2 ** 20, gentle: true } })
    expect(little.index).toMatchObject({ fits: false, memoryBytes: 2 ** 20, processes: 1 })
    expect(little.index.seconds).toBeGreaterThan(enough.index.seconds)
    expect(little.warnings).toEqual([
      expect.stringMatching(/needs about 2MB .* gets 1MB.*--build-memory 2MB/),
    ])
    await corpus.db.query(sql`delete from chunks where position > 100`)
  })

  it('probes a model also when there is nothing to embed', async () => {
    const empty = await testCorpus(await engine.connect())
    expect(await planMigration(empty, { source: empty.first, target: empty.second })).toMatchObject({
      totalChunks: 0,
      etaSeconds: 0,
      probe: { texts: 1 },
    })
  })
})
