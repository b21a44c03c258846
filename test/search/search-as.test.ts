import { randomUUID } from 'node:crypto'
import { expect, it, onTestFinished } from 'vitest'
import { createRevector, type Revector, type SearchAs } from '../../src/index.ts'
import { ingestDocuments } from '../../src/ingest/ingest-documents.ts'
import { openParser } from '../../src/ingest/open-parser.ts'
import { connectDatabase } from '../../src/postgres/connect.ts'
import { raw } from '../../src/postgres/sql.ts'
import { search } from '../../src/search/search.ts'
import { defaultTuning } from '../../src/store/nearest-tuning.ts'
import { testCorpus } from '../support/corpus-deps.ts'
import { afterUse, describeEngines, type Engine } from '../support/engines.ts'

/** Under the same words, so that each tenant's texts are the nearest to the other's questions. */
const notes = (tenant: string, count: number) =>
  Array.from({ length: count }, (_, n) => ({
    title: `Plan ${n} of ${tenant}`,
    source: `${tenant}:${n}`,
    content: `The secret plan of ${tenant}, number ${n}, is about owls.`,
    metadata: { tenant },
  }))

const policies = `
  alter table documents enable row level security;
  create policy own on documents using (metadata ->> 'tenant' = current_setting('app.tenant', true))`

describeEngines('searching as a role', (engine) => {
  it('finds, counts and lists what its policies show, and always as many as exist', async () => {
    const { revector, as } = await open(engine)
    await revector.ingestion.ingestDocuments([...notes('a', 3), ...notes('b', 40)])
    for (const [tenant, own] of [
      ['a', 3],
      ['b', 40],
    ] as const) {
      const found = await revector.retriever.search({
        query: 'the secret plan of b about owls',
        topK: 50,
        as: as(tenant),
      })
      expect(found.hits).toHaveLength(own)
      expect(new Set(found.hits.map(({ metadata }) => metadata['tenant']))).toEqual(new Set([tenant]))
      expect(found.hits.map(({ rank }) => rank)).toEqual(found.hits.map((_, i) => i + 1))
      const listed = await revector.documents.list({ limit: 100, as: as(tenant) })
      expect(listed.documents).toHaveLength(own)
      expect(JSON.stringify(listed)).not.toContain(`of ${tenant === 'a' ? 'b' : 'a'}`)
      expect((await revector.documents.list({ query: 'plan', as: as(tenant) })).documents.length).toBe(own)
    }
    expect((await revector.retriever.search({ query: 'owls', topK: 50 })).hits).toHaveLength(43)
    expect((await revector.retriever.search({ query: 'owls', as: as('nobody') })).hits).toEqual([])
    expect((await revector.retriever.search({ query: 'owls', as: { role: as('a').role } })).hits).toEqual([])
  })

  it('limits filters, several models, answers and single documents too', async () => {
    const house = await open(engine)
    const { as } = house
    await house.revector.models.add({ modelName: 'lexical-hash-64', dimension: 64, provider: 'lexical-hash' })
    await house.revector.ingestion.ingestDocuments([...notes('a', 2), ...notes('b', 5)])
    await house.revector.models.fill('lexical-hash-64')
    await house.grant()
    const { revector } = house

    const filter = { title: 'Plan 1' }
    const filtered = await revector.retriever.search({ query: 'owls', filter, topK: 50, as: as('a') })
    expect(filtered.hits.map(({ title }) => title)).toEqual(['Plan 1 of a'])
    const of = { metadata: { tenant: 'b' } }
    expect((await revector.retriever.search({ query: 'owls', filter: of, as: as('a') })).hits).toEqual([])

    const modelNames = ['lexical-hash-64', current]
    const several = await revector.retriever.searchMultiModel({
      query: 'owls',
      modelNames,
      topK: 50,
      as: as('a'),
    })
    expect(several.hits.map(({ title }) => title).sort()).toEqual(['Plan 0 of a', 'Plan 1 of a'])

    const answer = await revector.answers.ask({ query: 'What is the secret plan about?', as: as('a') })
    expect(answer.citations.length).toBeGreaterThan(0)
    expect(JSON.stringify(answer)).not.toContain('of b')

    const { documents } = await revector.documents.list({ as: as('b') })
    const id = documents[0]?.id ?? ''
    expect(await revector.documents.get(id, { as: as('b') })).toMatchObject({
      title: 'Plan 0 of b',
      chunks: 1,
    })
    for (const read of [revector.documents.get, revector.documents.embeddings]) {
      await expect(read(id, { as: as('a') })).rejects.toMatchObject({ code: 'NOT_FOUND' })
    }
    const { models } = await revector.documents.embeddings(id, { as: as('b') })
    expect(models.find(({ modelName }) => modelName === current)).toMatchObject({
      embeddings: 1,
      coverage: 1,
    })
  })

  it('states the coverage of what it sees, whatever was counted for others', async () => {
    const house = await open(engine)
    const { as } = house
    await house.revector.models.add({ modelName: 'lexical-hash-64', dimension: 64, provider: 'lexical-hash' })
    const { ingestion } = house.revector
    await ingestion.ingestDocuments(notes('a', 4))
    await ingestion.ingestDocuments(notes('b', 6), { model: 'lexical-hash-64' })
    await ingestion.ingestDocuments(notes('a', 1), { model: 'lexical-hash-64' })
    await house.grant()
    const { revector } = house
    const coverage = async (modelName: string, who?: SearchAs) => {
      const found = await revector.retriever.search({ query: 'owls', modelName, as: who })
      return found.coverage[modelName]
    }
    expect(await coverage(current)).toBeCloseTo(0.4)
    expect(await coverage(current, as('a'))).toBe(1)
    await expect(coverage(current, as('b'))).rejects.toMatchObject({
      code: 'MODEL_EMPTY',
      message: expect.stringContaining('of the 6 chunks'),
    })
    expect(await coverage('lexical-hash-64', as('b'))).toBe(1)
    expect(await coverage('lexical-hash-64', as('a'))).toBe(0.25)
    expect(await coverage('lexical-hash-64')).toBeCloseTo(0.7)
  })

  it('refuses a role that no policy holds for, one that is not there, and what is no role', async () => {
    const house = await open(engine)
    const { as } = house
    await house.revector.ingestion.ingestDocuments(notes('a', 1))
    // What a program in JavaScript may pass.
    const search = (who: unknown) => house.revector.retriever.search({ query: 'owls', as: who as SearchAs })
    await expect(search({ role: 'no such role' })).rejects.toMatchObject({
      code: 'ROLE_UNAVAILABLE',
      message: 'The server has no role "no such role".',
    })
    const wrong: unknown[] = [
      {},
      { role: '' },
      { role: 'none' },
      { role: 7 },
      'tenant',
      { role: as('a').role, settings: { role: 'postgres' } },
      { role: as('a').role, settings: { row_security: 'off' } },
      { role: as('a').role, settings: { 'revector.writer': 'on' } },
      { role: as('a').role, settings: { 'app.tenant': 1 } },
    ]
    for (const who of wrong) await expect(search(who)).rejects.toMatchObject({ code: 'INVALID_INPUT' })
    for (const beside of [{ serve: 'both' as const }, { explain: true }]) {
      const request = house.revector.retriever.search({ query: 'owls', as: as('a'), ...beside })
      await expect(request).rejects.toMatchObject({ code: 'INVALID_INPUT' })
    }
    expect(await search(as('a'))).toMatchObject({ hits: [{ title: 'Plan 0 of a' }] })
    await house.run('alter table documents disable row level security')
    await expect(search(as('a'))).rejects.toMatchObject({ code: 'ROW_SECURITY_INACTIVE' })
    await expect(house.revector.documents.list({ as: as('a') })).rejects.toMatchObject({
      code: 'ROW_SECURITY_INACTIVE',
    })
    await house.run('alter table documents enable row level security')
    await house.run(`revoke select on chunks from ${as('a').role}`)
    await expect(search(as('a'))).rejects.toMatchObject({
      code: 'DATABASE_PERMISSION_DENIED',
      message: expect.stringContaining(
        `The role "${as('a').role}" lacks a permission: permission denied for table chunks`,
      ),
    })
  })

  it('leaves nothing of a role behind in the connection', async () => {
    const { revector, as } = await open(engine, { poolSize: 1 })
    await revector.ingestion.ingestDocuments([...notes('a', 1), ...notes('b', 1)])
    const hits = async (who?: SearchAs) =>
      (await revector.retriever.search({ query: 'owls', as: who })).hits.map(({ source }) => source).sort()
    expect(await hits(as('a'))).toEqual(['a:0'])
    expect(await hits()).toEqual(['a:0', 'b:0'])
    expect(await hits({ role: as('b').role })).toEqual([])
    expect(await Promise.all([hits(as('a')), hits(as('b')), hits(), hits(as('a'))])).toEqual([
      ['a:0'],
      ['b:0'],
      ['a:0', 'b:0'],
      ['a:0'],
    ])
    await revector.ingestion.ingestDocument({ title: 'Written by the service', content: 'More owls.' })
  })
})

describeEngines('searching a large table as a role', (engine) => {
  it('goes through the HNSW index, and beyond it, until it has as many as exist', async () => {
    const corpus = await testCorpus(await engine.connect())
    const { db, layout, first } = corpus
    const parser = openParser()
    onTestFinished(() => parser.close())
    await ingestDocuments({ ...corpus, parser }, [...notes('a', 40), ...notes('b', 160)])
    const role = `tenant_${randomUUID().replaceAll('-', '')}`
    await db.query(
      raw(`
      create role ${role}; ${policies};
      grant select on documents, chunks, embedding_models, pending_chunks, chunk_embeddings_model_${first.id} to ${role}`),
    )
    afterUse(async () => {
      if (engine.name === 'server') await db.query(raw(`drop owned by ${role}; drop role ${role}`))
    })
    // So that the statement decides for the index where more than ten are seen, and finds it worth while.
    const tuning = { ...defaultTuning, exactRows: 10, lookupsPerRow: 0, filterSurplus: 0, maxScanTuples: 60 }
    for (const [tenant, own] of [
      ['a', 40],
      ['b', 160],
    ] as const) {
      const as = { role, settings: { 'app.tenant': tenant } }
      for (const topK of [5, 200]) {
        const request = { query: 'the secret plan of b, number 3', topK }
        const found = await search({ ...corpus, tuning }, { ...request, as })
        const exact = await search({ db, layout, models: corpus.models }, { ...request, as })
        expect(found.hits).toHaveLength(Math.min(own, topK))
        expect(found.hits.every(({ title }) => title.endsWith(`of ${tenant}`))).toBe(true)
        expect(found.coverage).toEqual({ first: 1 })
        if (topK > own) expect(found.hits).toEqual(exact.hits)
      }
    }
  })
})

const current = 'lexical-hash-256'

interface House {
  revector: Revector
  as(tenant: string): SearchAs
  /** Runs statements as the owner of the tables; on the embedded engine Revector is closed meanwhile. */
  run(statements: string): Promise<void>
  /** What `doctor --role` prints. */
  grant(): Promise<void>
}

/** A database with policies by tenant, and a role that may be searched as. */
async function open(engine: Engine, options: { readonly poolSize?: number } = {}): Promise<House> {
  const place = await engine.readyPlace()
  const role = `tenant_${randomUUID().replaceAll('-', '')}`
  const start = () => createRevector({ ...place, ...options, logLevel: 'silent' })
  const house: House = {
    revector: await start(),
    as: (tenant) => ({ role, settings: { 'app.tenant': tenant } }),
    async run(statements) {
      await house.revector.db.close()
      const db = await connectDatabase(place)
      await db.query(raw(statements)).finally(() => db.close())
      house.revector = await start()
    },
    async grant() {
      const { role: report } = await house.revector.doctor({ probe: false, role })
      const grants = report?.works.find(({ work }) => work === 'search-as')?.grants ?? []
      await house.run(grants.map(({ statement }) => statement).join('; '))
    },
  }
  onTestFinished(() => house.revector.db.close())
  afterUse(async () => {
    if (engine.name === 'server' && 'databaseUrl' in place) await dropRole(place.databaseUrl, role)
  })
  await house.revector.db.initialize()
  await house.revector.models.use(current, { force: true })
  await house.run(`create role ${role}; ${policies}`)
  await house.grant()
  return house
}

async function dropRole(databaseUrl: string, role: string): Promise<void> {
  const db = await connectDatabase({ databaseUrl })
  await db.query(raw(`drop owned by ${role}; drop role ${role}`)).finally(() => db.close())
}
