import { beforeAll, expect, it } from 'vitest'
import { RevectorError } from '../../src/core/errors.ts'
import type { JudgeQuality } from '../../src/migrate/verify/gate.ts'
import { refuseFailedGates, type VerifyRequest, verify } from '../../src/migrate/verify/verify.ts'
import { addModel } from '../../src/models/registry.ts'
import { ident, raw, sql } from '../../src/postgres/sql.ts'
import { buildHnswIndex } from '../../src/schema/hnsw-build.ts'
import { dropHnswIndex, hnswIndexOf } from '../../src/schema/hnsw-index.ts'
import { defaultTuning } from '../../src/store/nearest-tuning.ts'
import {
  defaultGates,
  type GateName,
  type GateResult,
  type GateThresholds,
} from '../../src/wire/migration.ts'
import type { Model } from '../../src/wire/model.ts'
import { clusteredVectors } from '../store/corpus.ts'
import { embedChunks, type TestCorpus, testCorpus, writeLines } from '../support/corpus-deps.ts'
import { describeEngines } from '../support/engines.ts'
import { space } from '../support/models.ts'
import { paragraphs } from '../support/words.ts'

function requestFor(corpus: TestCorpus, more: Partial<VerifyRequest> = {}): VerifyRequest {
  const { first: source, second: target } = corpus
  return { source, target, scope: {}, allowedQuarantined: 0, thresholds: defaultGates, ...more }
}

async function gatesOf(corpus: TestCorpus, more: Partial<VerifyRequest> = {}, deps: object = {}) {
  const { gates } = await verify({ ...corpus, ...deps }, requestFor(corpus, more))
  return Object.fromEntries(gates.map((gate) => [gate.gate, gate])) as Record<GateName, GateResult>
}

const thresholds = (more: Partial<GateThresholds>): GateThresholds => ({ ...defaultGates, ...more })

/** Overwrites vectors behind the program's back. */
async function spoil({ db }: TestCorpus, model: Model, vector: readonly number[], rows = 1): Promise<void> {
  const table = ident(`chunk_embeddings_model_${model.id}`)
  await db.query(sql`
    update ${table} set ${ident(`embedding_${model.dimension}`)} = ${`[${vector.join(',')}]`}::vector
    where chunk_id in (select chunk_id from ${table} order by chunk_id limit ${rows})`)
}

const failing = (gates: Record<GateName, GateResult>): string[] =>
  Object.values(gates).flatMap((gate) => (gate.passed ? [] : [gate.gate]))

describeEngines('verification', (engine) => {
  let corpus: TestCorpus
  let documentId: string

  beforeAll(async () => {
    corpus = await testCorpus(await engine.connect())
  })

  /** A target that lacks nothing: a test spoils one thing. */
  async function filled(texts = 60): Promise<TestCorpus> {
    await corpus.db.query(sql`delete from documents`)
    corpus.models.before = async () => {}
    documentId = await writeLines(corpus, 'a.md', paragraphs(texts))
    await embedChunks(corpus, corpus.second)
    await buildHnswIndex(corpus.db, corpus.second)
    return corpus
  }

  it('passes a target that is complete, and changes nothing', async () => {
    await filled()
    const count = async () =>
      (await corpus.db.query(sql`select count(*)::int as n from chunk_embeddings`)).rows
    const before = await count()
    const verification = await verify(corpus, requestFor(corpus))
    expect(verification.gates.map((gate) => gate.gate)).toEqual([
      'coverage',
      'vectors',
      'index',
      'recall',
      'provider',
      'overlap',
      'quality',
      'scope',
    ])
    expect(failing(await gatesOf(corpus))).toEqual([])
    expect(verification.passed).toBe(true)
    expect(await count()).toEqual(before)
    expect(() => refuseFailedGates('second', verification.gates)).not.toThrow()
  })

  it('coverage: a chunk without a vector, whatever was counted', async () => {
    await filled()
    const { rows } = await corpus.db.query<{ id: string }>(sql`
      delete from chunk_embeddings where model_id = ${corpus.second.id}
        and chunk_id = (select min(id) from chunks) returning chunk_id::text as id`)
    const { coverage } = await gatesOf(corpus)
    expect(coverage).toMatchObject({
      passed: false,
      required: true,
      measured: '59 of 60 chunks have a vector, 0 are quarantined, 1 lacks one',
      data: { chunks: 60, vectors: 59, missing: 1, examples: [rows[0]?.id] },
    })
  })

  it('coverage: counts quarantined chunks, and allows as many as was said', async () => {
    await filled()
    await corpus.db.query(sql`
      with gone as (
        delete from chunk_embeddings where model_id = ${corpus.second.id}
          and chunk_id in (select id from chunks order by id limit 2) returning chunk_id
      )
      insert into quarantined_chunks (model_id, chunk_id, code, reason)
      select ${corpus.second.id}, chunk_id, 'PROVIDER_REFUSED', 'No.' from gone`)
    expect((await gatesOf(corpus)).coverage).toMatchObject({
      passed: false,
      data: { quarantined: 2, missing: 0 },
    })
    expect((await gatesOf(corpus, { allowedQuarantined: 1 })).coverage.passed).toBe(false)
    expect((await gatesOf(corpus, { allowedQuarantined: 2 })).coverage.passed).toBe(true)
  })

  it('coverage: a chunk of blanks is nobody’s loss', async () => {
    await filled()
    await corpus.db.query(sql`
      update chunks set content = ${' \n\t\u00a0\u3000'} where id = (select min(id) from chunks)`)
    await corpus.db.query(sql`delete from chunk_embeddings where chunk_id = (select min(id) from chunks)`)
    expect((await gatesOf(corpus)).coverage).toMatchObject({ passed: true, data: { chunks: 59 } })
  })

  it('vectors: zeros, and lengths that are not 1', async () => {
    await filled()
    const zeros = new Array<number>(24).fill(0)
    await spoil(corpus, corpus.second, zeros, 2)
    expect((await gatesOf(corpus)).vectors).toMatchObject({
      passed: false,
      measured: '2 all zeros, of 60 vectors',
      data: { zero: 2, vectors: 60 },
    })
    await spoil(corpus, corpus.second, [2, ...zeros.slice(1)])
    expect((await gatesOf(corpus)).vectors).toMatchObject({ data: { zero: 1, wrongNorm: 1 } })
  })

  it('vectors: another width, where the column does not forbid it', async () => {
    const corpus = await testCorpus(await engine.connect())
    await writeLines(corpus, 'a.md', paragraphs(20))
    await embedChunks(corpus, corpus.second)
    const table = `chunk_embeddings_model_${corpus.second.id}`
    await dropHnswIndex(corpus.db, corpus.second)
    await corpus.db.query(sql`alter table ${ident('chunk_embeddings')} alter column embedding_24 type vector`)
    await corpus.db.query(
      sql`update ${ident(table)} set embedding_24 = '[1,0]' where chunk_id = (select min(id) from chunks)`,
    )
    // What no search can read is not measured, and not passed either.
    const tuning = { ...defaultTuning, exactRows: 1 }
    const { vectors, recall } = await gatesOf(corpus, {}, { tuning })
    expect(vectors).toMatchObject({ passed: false, data: { wrongWidth: 1 } })
    expect(recall).toMatchObject({
      passed: false,
      measured: 'not measured: there is no valid index',
    })
  })

  it('index: none, and one that an interrupted build left', async () => {
    await filled()
    const hnswIndex = await hnswIndexOf(corpus.db, corpus.second)
    await corpus.db.query(sql`
      update pg_index set indisvalid = false where indexrelid = ${hnswIndex?.name ?? ''}::regclass`)
    expect((await gatesOf(corpus)).index).toMatchObject({
      passed: false,
      measured: `${hnswIndex?.name}, left invalid by an interrupted build`,
    })
    await dropHnswIndex(corpus.db, corpus.second)
    expect((await gatesOf(corpus)).index).toMatchObject({ passed: false, measured: 'none' })
  })

  it('index: one that searches pass by', async () => {
    await filled(400)
    const tuning = { ...defaultTuning, exactRows: 50 }
    const hnswIndex = await hnswIndexOf(corpus.db, corpus.second)
    expect((await gatesOf(corpus, {}, { tuning })).index).toMatchObject({
      passed: true,
      measured: `${hnswIndex?.name}, used`,
    })
    // Valid, of the right name, and of another operator: what a search orders by is not what it holds.
    await dropHnswIndex(corpus.db, corpus.second)
    await corpus.db.query(sql`
      create index ${ident(hnswIndex?.name ?? '')} on ${ident(`chunk_embeddings_model_${corpus.second.id}`)}
        using hnsw (embedding_24 vector_l2_ops)`)
    expect((await gatesOf(corpus, {}, { tuning })).index).toMatchObject({
      passed: false,
      expected: 'a valid index that searches use',
      data: { valid: true, used: false },
    })
  })

  it('recall: an HNSW index that loses neighbours', async () => {
    const corpus = await testCorpus(await engine.connect())
    const wide = await addModel(corpus, space('wide', 64))
    await writeLines(corpus, 'a.md', paragraphs(1_500))
    const make = clusteredVectors(64, { seed: 3, clusters: 1_500 })
    const hnswIndex = await hnswIndexOf(corpus.db, wide)
    await dropHnswIndex(corpus.db, wide)
    const vectors = Array.from({ length: 1_500 }, () => `[${make().join(',')}]`)
    await corpus.db.query(sql`
      insert into ${ident(`chunk_embeddings_model_${wide.id}`)} (chunk_id, model_id, embedding_64)
      select c.id, ${wide.id}, u.v::vector
      from (select id, row_number() over (order by id) as n from chunks) c
      join unnest(${vectors}::text[]) with ordinality as u (v, n) on u.n = c.n`)
    await corpus.db.query(sql`
      create index ${ident(hnswIndex?.name ?? '')} on ${ident(`chunk_embeddings_model_${wide.id}`)}
        using hnsw (embedding_64 vector_cosine_ops) with (m = 2, ef_construction = 4)`)
    const tuning = { ...defaultTuning, exactRows: 50, efSearch: 10 }
    const poor = await gatesOf(corpus, { target: wide }, { tuning })
    expect(poor.index.passed).toBe(true)
    expect(poor.recall).toMatchObject({ passed: false, data: { queries: 200, queriesFrom: 'chunks' } })
    expect(poor.recall.data['recall']).toBeLessThan(0.9)
    expect(poor.recall.measured).toContain('asked with 200 chunks in place of queries; a denser index')
    expect(poor.recall.data['remedy']).toEqual([
      `drop index concurrently "${hnswIndex?.name}";`,
      expect.stringContaining(
        '("embedding_64" "public".vector_cosine_ops) with (m = 32, ef_construction = 256);',
      ),
    ])
    const exact = await gatesOf(corpus, { target: wide })
    expect(exact.recall).toMatchObject({ passed: true, measured: '1: a search compares all 1,500 vectors' })
    const content = await gatesOf(
      corpus,
      { target: wide, thresholds: thresholds({ recall: 0.01 }) },
      { tuning },
    )
    expect(content.recall.passed).toBe(true)
  })

  it('provider: another model under the name', async () => {
    await filled()
    const other = { ...corpus.second, remoteName: 'lexical-hash-24', documentPrefix: 'another habit ' }
    const changed = {
      ...corpus,
      models: { open: () => corpus.models.open({ ...other, modelName: 'other' }) },
    }
    expect((await gatesOf(corpus, {}, { models: changed.models })).provider).toMatchObject({
      passed: false,
      data: { chunks: 16, changed: 16 },
    })
  })

  it('provider: one that does not answer is not a proof', async () => {
    await filled()
    corpus.models.before = async () => {
      throw new RevectorError('PROVIDER_UNAVAILABLE', 'Gone.')
    }
    expect((await gatesOf(corpus)).provider).toMatchObject({
      passed: false,
      measured: 'not measured: Gone.',
      data: { code: 'PROVIDER_UNAVAILABLE' },
    })
  })

  it('overlap: neighbours that have nothing to do with each other', async () => {
    await filled(200)
    const alike = await gatesOf(corpus, { thresholds: thresholds({ overlap: 0.1 }) })
    expect(alike.overlap).toMatchObject({ passed: true, required: true, data: { chunks: 200, k: 5 } })
    // Each chunk gets the vector of another.
    const table = ident(`chunk_embeddings_model_${corpus.second.id}`)
    await corpus.db.query(sql`
      with numbered as (
        select chunk_id, embedding_24 as vector, row_number() over (order by chunk_id) as place,
          row_number() over (order by md5(chunk_id::text)) as other
        from ${table}
      )
      update ${table} e set embedding_24 = given.vector
      from numbered taker join numbered given on given.other = taker.place
      where e.chunk_id = taker.chunk_id`)
    const { overlap } = await gatesOf(corpus, { thresholds: thresholds({ overlap: 0.1 }) })
    expect(overlap).toMatchObject({ passed: false, required: true })
    const { overlap: reported } = await gatesOf(corpus, { thresholds: thresholds({ overlap: null }) })
    expect(reported).toMatchObject({ passed: true, required: false })
    expect(reported.measured).toContain('of the 5 nearest')
  })

  it('quality: as judged, where somebody judges', async () => {
    await filled()
    expect((await gatesOf(corpus)).quality).toMatchObject({ passed: true, measured: 'not judged' })
    const judgeQuality: JudgeQuality = async () => ({
      source: 0.8,
      target: 0.6,
      measure: 'nDCG@10 of 3 queries',
    })
    const judged = await gatesOf(corpus, { thresholds: thresholds({ quality: 0.95 }) }, { judgeQuality })
    expect(judged.quality).toMatchObject({
      passed: false,
      required: true,
      measured: '0.6 against 0.8 (nDCG@10 of 3 queries)',
    })
    const enough = await gatesOf(corpus, { thresholds: thresholds({ quality: 0.7 }) }, { judgeQuality })
    expect(enough.quality.passed).toBe(true)
  })

  it('scope: a part of the corpus', async () => {
    await filled()
    const id = await writeLines(corpus, 'b.md', paragraphs(5, 7))
    const scope = { documents: [documentId] }
    expect(failing(await gatesOf(corpus, { scope }))).toEqual(['scope'])
    expect((await gatesOf(corpus, { scope })).scope).toMatchObject({
      measured: '60 of 65 chunks',
      data: { chunks: 65, reached: 60 },
    })
    expect(failing(await gatesOf(corpus, { scope: { where: { lang: 'en' } } }))).toEqual([
      'coverage',
      'scope',
    ])
    await corpus.db.query(sql`delete from documents where id = ${id}`)
    expect(failing(await gatesOf(corpus, { scope }))).toEqual([])
  })

  it('scope: a sample is the same chunks at every run, and narrows what else was said', async () => {
    await filled()
    const { coverage } = await gatesOf(corpus, { scope: { documents: [documentId], sample: 10 } })
    expect(coverage).toMatchObject({ passed: true, data: { chunks: 10, vectors: 10 } })
    expect((await gatesOf(corpus, { scope: { documents: ['nobody'] } })).coverage.data).toMatchObject({
      chunks: 0,
    })
  })

  it('names every gate that failed, unless its failure was accepted', async () => {
    await filled()
    await dropHnswIndex(corpus.db, corpus.second)
    await corpus.db.query(
      raw(
        `delete from chunk_embeddings where model_id = ${corpus.second.id} and chunk_id = (select min(id) from chunks)`,
      ),
    )
    const { gates, passed } = await verify(corpus, requestFor(corpus))
    expect(passed).toBe(false)
    expect(() => refuseFailedGates('second', gates)).toThrow(
      expect.objectContaining({
        code: 'GATE_FAILED',
        message: expect.stringMatching(
          /coverage \(expected .*; found 59 of 60 .*\), index \(expected .*; found none\)/,
        ),
        hint: expect.stringContaining('--override coverage --override index'),
        data: expect.objectContaining({ gates: ['coverage', 'index'] }),
      }),
    )
    const accepted = await verify(corpus, requestFor(corpus, { override: ['coverage', 'index', 'recall'] }))
    expect(accepted.passed).toBe(true)
    expect(accepted.gates.filter((gate) => gate.overridden).map((gate) => gate.gate)).toEqual([
      'coverage',
      'index',
    ])
  })
})
