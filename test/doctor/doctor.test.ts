import { beforeAll, expect, it, onTestFinished } from 'vitest'
import { RevectorError } from '../../src/core/errors.ts'
import { checkPgvector } from '../../src/doctor/database.ts'
import { examine } from '../../src/doctor/doctor.ts'
import { canaryTexts, makeCanaries } from '../../src/embedding/canaries.ts'
import { specFor } from '../../src/embedding/catalogue.ts'
import { verify } from '../../src/migrate/verify/verify.ts'
import { addModel, removeModel } from '../../src/models/registry.ts'
import { ident, raw, sql } from '../../src/postgres/sql.ts'
import { buildHnswIndex } from '../../src/schema/hnsw-build.ts'
import { dropHnswIndex, hnswIndexOf } from '../../src/schema/hnsw-index.ts'
import { insertCanaries, readCanaries } from '../../src/store/canaries.ts'
import { setModelState } from '../../src/store/models.ts'
import { defaultTuning } from '../../src/store/nearest-tuning.ts'
import type { CheckName } from '../../src/wire/doctor.ts'
import { defaultGates } from '../../src/wire/migration.ts'
import type { Model } from '../../src/wire/model.ts'
import { embedChunks, type TestCorpus, testCorpus, writeLines } from '../support/corpus-deps.ts'
import { describeEngines } from '../support/engines.ts'
import { space } from '../support/models.ts'
import { paragraphs } from '../support/words.ts'

describeEngines('doctor', (engine) => {
  let corpus: TestCorpus

  beforeAll(async () => {
    corpus = await testCorpus(await engine.connect())
  })

  /** A healthy database; a test spoils one thing. */
  async function healthy(texts = 80): Promise<void> {
    const { db, second } = corpus
    corpus.models.before = async () => {}
    await db.query(sql`delete from documents`)
    await db.query(sql`delete from model_migrations`)
    await db.query(sql`delete from model_canaries`)
    await writeLines(corpus, 'a.md', paragraphs(texts))
    await embedChunks(corpus, second)
    await buildHnswIndex(db, corpus.first)
    await buildHnswIndex(db, second)
  }

  async function checks(deps: Partial<Parameters<typeof examine>[0]> = {}, probe = false) {
    const report = await examine({ ...corpus, ...deps }, { probe })
    const of = (check: CheckName, model?: Model) =>
      report.checks.filter(
        (one) => one.check === check && (model === undefined || one.model === model.modelName),
      )
    return {
      report,
      of,
      amiss: report.checks.filter((one) => one.result !== 'ok' && one.check !== 'pgvector'),
    }
  }

  /** An open migration to the second model, as the row is. */
  async function migration(columns: Readonly<Record<string, string | null>>): Promise<string> {
    const names = Object.keys(columns)
    const { rows } = await corpus.db.query<{ id: string }>(sql`
      insert into model_migrations (source_model_id, target_model_id, source_model, target_model, settings,
        target_was_empty, state)
      values (${corpus.first.id}, ${corpus.second.id}, 'first', 'second', '{}', true, 'filling')
      returning id::text as id`)
    const id = rows[0]?.id ?? ''
    for (const name of names) {
      await corpus.db.query(sql`
        update model_migrations set ${ident(name)} = ${columns[name]} where id = ${id}::bigint`)
    }
    return id
  }

  it('finds nothing amiss, and says of everything that it looked', async () => {
    await healthy()
    const { report, amiss } = await checks({}, true)
    expect(amiss).toEqual([])
    expect(new Set(report.checks.map((one) => one.check))).toEqual(
      new Set([
        'pgvector',
        'current_model',
        'tables',
        'index',
        'statistics',
        'missing_vectors',
        'stale_vectors',
        'migrations',
        'drift',
      ]),
    )
    expect(report.checks.every((one) => one.sentence !== '')).toBe(true)
    expect(report.result).toBe(report.checks.some((one) => one.result === 'warn') ? 'warn' : 'ok')
  })

  it('index: none, and one left by an interrupted load; but not while a migration fills', async () => {
    await healthy()
    const { db, second } = corpus
    const hnswIndex = await hnswIndexOf(db, second)
    await db.query(
      sql`update pg_index set indisvalid = false where indexrelid = ${hnswIndex?.name ?? ''}::regclass`,
    )
    expect((await checks()).of('index', second)).toMatchObject([
      {
        result: 'warn',
        sentence: expect.stringContaining('not valid'),
        data: { index: hnswIndex?.name, valid: false },
      },
    ])
    await dropHnswIndex(db, second)
    expect((await checks()).of('index', second)).toMatchObject([
      { result: 'warn', sentence: expect.stringContaining('has no HNSW index') },
    ])
    const tuning = { ...defaultTuning, exactRows: 50 }
    const { report, of } = await checks({ tuning })
    expect(of('index', second)).toMatchObject([{ result: 'fail', data: { vectors: 80 } }])
    expect(report.result).toBe('fail')
    await migration({ state: 'filling' })
    expect((await checks({ tuning })).of('index', second)).toMatchObject([{ result: 'ok' }])
  })

  it('index use: a search that passes its index by', async () => {
    await healthy(400)
    const { db, second } = corpus
    const tuning = { ...defaultTuning, exactRows: 50 }
    expect((await checks({ tuning })).of('index_use')).toMatchObject([{ result: 'ok' }, { result: 'ok' }])
    const hnswIndex = await hnswIndexOf(db, second)
    await dropHnswIndex(db, second)
    await db.query(sql`
      create index ${ident(hnswIndex?.name ?? '')} on ${ident(`chunk_embeddings_model_${second.id}`)}
        using hnsw (embedding_24 vector_ip_ops)`)
    expect((await checks({ tuning })).of('index_use', second)).toMatchObject([
      { result: 'fail', data: { expected: hnswIndex?.name, index: null } },
    ])
    await dropHnswIndex(db, second)
  })

  it('statistics: never taken', async () => {
    await healthy()
    const { db, second } = corpus
    await db.query(
      sql`update pg_class set reltuples = -1 where relname = ${`chunk_embeddings_model_${second.id}`}`,
    )
    expect((await checks()).of('statistics', second)).toMatchObject([
      { result: 'ok', sentence: expect.stringContaining('needs none') },
    ])
    const tuning = { ...defaultTuning, exactRows: 50 }
    expect((await checks({ tuning })).of('statistics', second)).toMatchObject([
      { result: 'warn', data: { table: `chunk_embeddings_model_${second.id}` }, hint: expect.any(String) },
    ])
  })

  it('orphans: vectors of chunks and chunks of documents that are gone', async () => {
    await healthy()
    const { db, second } = corpus
    const table = ident(`chunk_embeddings_model_${second.id}`)
    // As a table that was adopted may be.
    await db.query(
      sql`alter table ${table} drop constraint ${ident(`chunk_embeddings_model_${second.id}_chunk_id_fkey`)}`,
    )
    await db.query(sql`
      insert into ${table} (chunk_id, model_id, embedding_24)
      select 999999, model_id, embedding_24 from ${table} limit 1`)
    expect((await checks()).of('orphans')).toMatchObject([
      { result: 'warn', model: 'second', data: { vectors: 1 } },
    ])
    await db.query(sql`delete from ${table} where chunk_id = 999999`)
    await db.query(sql`alter table chunks drop constraint chunks_document_id_fkey`)
    await db.query(sql`insert into chunks (document_id, position, content, content_hash, start_offset, end_offset, heading_path, token_count)
      values (999999, 0, 'alone', 'alone', 0, 5, '{}', 1)`)
    expect((await checks()).of('orphans')).toMatchObject([
      { result: 'warn', model: null, data: { chunks: 1 } },
    ])
    await db.query(sql`delete from chunks where document_id = 999999`)
    await db.query(sql`
      alter table chunks add constraint chunks_document_id_fkey
        foreign key (document_id) references documents (id) on delete cascade`)
    await db.query(sql`
      alter table ${table} add constraint ${ident(`chunk_embeddings_model_${second.id}_chunk_id_fkey`)}
        foreign key (chunk_id) references chunks (id) on delete cascade`)
    expect((await checks()).of('orphans')).toEqual([])
  })

  it('missing vectors: what the current model lacks, and what a standby is pending', async () => {
    await healthy()
    const { db, first, second } = corpus
    await setModelState(db, second.id, 'standby')
    onTestFinished(async () => void (await setModelState(db, second.id, 'registered')))
    await db.query(
      sql`delete from chunk_embeddings where chunk_id in (select id from chunks order by id limit 2)`,
    )
    const { of } = await checks()
    expect(of('missing_vectors', first)).toMatchObject([{ result: 'fail', data: { missing: 2, chunks: 80 } }])
    expect(of('missing_vectors', second)).toMatchObject([{ result: 'warn', data: { missing: 2 } }])
    await migration({ state: 'filling' })
    expect((await checks()).of('missing_vectors', second)).toMatchObject([{ result: 'ok' }])
  })

  it('quarantine: says how many, and counts them as accounted for', async () => {
    await healthy()
    const { db, first } = corpus
    await db.query(sql`
      insert into quarantined_chunks (model_id, chunk_id, code, reason)
      select ${first.id}, min(id), 'PROVIDER_REFUSED', 'No.' from chunks`)
    await db.query(sql`delete from chunk_embeddings where chunk_id = (select min(id) from chunks)`)
    const { of } = await checks()
    expect(of('quarantine')).toMatchObject([{ result: 'warn', model: 'first', data: { chunks: 1 } }])
    expect(of('missing_vectors', first)).toMatchObject([{ result: 'ok' }])
  })

  it('migrations: paused, ready, abandoned, or with a worker that died', async () => {
    await healthy()
    const { db, second } = corpus
    const one = async (columns: Readonly<Record<string, string | null>>) => {
      await db.query(sql`delete from model_migrations`)
      const id = await migration(columns)
      return { id, seen: async () => (await checks()).of('migrations', second) }
    }
    const reason = JSON.stringify({
      code: 'PROVIDER_UNAVAILABLE',
      message: 'It is gone.',
      hint: 'Wait.',
      by: 'provider',
    })
    const paused = await one({ paused_from: null })
    await db.query(sql`
      update model_migrations set state = 'paused', paused_from = 'filling', reason = ${reason}::jsonb
      where id = ${paused.id}::bigint`)
    expect(await paused.seen()).toMatchObject([
      { result: 'warn', sentence: expect.stringContaining('is paused: It is gone.'), hint: 'Wait.' },
    ])
    const ready = await one({ state: 'ready' })
    expect(await ready.seen()).toMatchObject([{ result: 'warn', hint: expect.stringContaining('cutover') }])
    const working = await one({})
    expect(await working.seen()).toMatchObject([{ result: 'ok' }])
    await db.query(sql`
      insert into migration_batches (migration_id, batch, chunk_ids, state, worker_id, lease_until)
      values (${working.id}::bigint, 1, '{}', 'leased', gen_random_uuid(), now() - interval '1 minute')`)
    expect(await working.seen()).toMatchObject([{ result: 'warn', data: { expiredLeases: 1 } }])
    const idle = await one({ updated_at: '2026-01-01T00:00:00Z' })
    expect(await idle.seen()).toMatchObject([
      { result: 'warn', hint: expect.stringContaining('revector worker') },
    ])
    await db.query(sql`delete from model_migrations`)
    await setModelState(db, second.id, 'filling')
    expect((await checks()).of('migrations', second)).toMatchObject([
      { result: 'warn', sentence: expect.stringContaining('in state filling without a migration') },
    ])
    await setModelState(db, second.id, 'registered')
  })

  it('tables: a model without one, one without a model, and no current model', async () => {
    const { db, layout } = corpus
    const lost = await addModel({ db, layout }, space('lost', 12))
    await db.query(sql`delete from embedding_models where id = ${lost.id}`)
    expect((await checks()).of('tables')).toMatchObject([
      { result: 'warn', data: { table: `chunk_embeddings_model_${lost.id}` } },
    ])
    await db.query(raw(`drop table chunk_embeddings_model_${lost.id}`))
    const bare = await addModel({ db, layout }, space('bare', 12))
    await db.query(raw(`drop table chunk_embeddings_model_${bare.id}`))
    expect((await checks()).of('tables')).toMatchObject([{ result: 'fail', model: 'bare' }])
    await db.query(sql`delete from embedding_models where id = ${bare.id}`)
    await setModelState(db, corpus.first.id, 'standby')
    expect((await checks()).of('current_model')).toMatchObject([{ result: 'fail' }])
    await setModelState(db, corpus.first.id, 'current')
    expect((await checks()).of('tables')).toMatchObject([{ result: 'ok' }])
  })

  it('retirement: announced, and past', async () => {
    const { db, layout } = corpus
    const gemini = await addModel({ db, layout }, specFor('gemini-embedding-001', { dimension: 128 }))
    expect((await checks()).of('retirement')).toEqual([])
    await setModelState(db, gemini.id, 'standby')
    const at = async (day: string) => (await checks({ today: new Date(day) })).of('retirement')
    expect(await at('2028-05-04')).toMatchObject([
      { result: 'warn', sentence: expect.stringContaining('2028-05-14, in 10 days'), data: { days: 10 } },
    ])
    expect(await at('2028-05-15')).toMatchObject([{ result: 'fail' }])
    await db.query(raw(`drop table chunk_embeddings_model_${gemini.id}`))
    await db.query(sql`delete from embedding_models where id = ${gemini.id}`)
  })

  it('drift: the provider changed the model under its name', async () => {
    await healthy()
    const { db, first } = corpus
    expect(await readCanaries(db, first.id)).toEqual([])
    const begun = (await checks({}, true)).of('drift', first)
    expect(begun).toMatchObject([{ result: 'ok', sentence: expect.stringContaining('that are stored') }])
    // Doctor writes nothing.
    expect(await readCanaries(db, first.id)).toEqual([])
    await insertCanaries(db, first.id, await makeCanaries(await corpus.models.open(first), canaryTexts))
    expect((await checks({}, true)).of('drift', first)).toMatchObject([{ result: 'ok', data: { texts: 8 } }])

    const changed = {
      open: (model: Model) => corpus.models.open({ ...model, documentPrefix: 'a new habit: ' }),
    }
    const { of, report } = await checks({ models: changed }, true)
    expect(of('drift', first)).toMatchObject([{ result: 'fail', data: { changed: 8, texts: 8 } }])
    expect(report.result).toBe('fail')
    // What it was when the model was filled stays.
    expect((await checks({}, true)).of('drift', first)).toMatchObject([{ result: 'ok' }])
  })

  it('drift: compares with what is stored where there are no canaries yet', async () => {
    await healthy()
    const { db, first } = corpus
    const changed = {
      open: (model: Model) => corpus.models.open({ ...model, documentPrefix: 'a new habit: ' }),
    }
    expect((await checks({ models: changed }, true)).of('drift', first)).toMatchObject([{ result: 'fail' }])
    expect(await readCanaries(db, first.id)).toEqual([])
  })

  it('drift: rounding is not a change', async () => {
    await healthy()
    const { first } = corpus
    await checks({}, true)
    const rounding = {
      async open(model: Model) {
        const real = await corpus.models.open(model)
        return {
          ...real,
          async embed(...asked: Parameters<typeof real.embed>) {
            const { vectors, tokens } = await real.embed(...asked)
            const half = (x: number) => Math.round(x * 2_048) / 2_048
            return { tokens, vectors: vectors.map((vector) => vector.map(half)) }
          },
        }
      },
    }
    const [drift] = (await checks({ models: rounding }, true)).of('drift', first)
    expect(drift).toMatchObject({ result: 'ok' })
    expect(drift?.data['farthest']).toBeGreaterThan(0)
  })

  it('drift: a provider that cannot be asked, and one that is not to be', async () => {
    await healthy()
    corpus.models.before = async () => {
      throw new RevectorError('PROVIDER_UNAVAILABLE', 'Gone.', { hint: 'Wait.' })
    }
    expect((await checks({}, true)).of('drift', corpus.first)).toMatchObject([
      { result: 'warn', sentence: '"first" could not be checked: Gone.', hint: 'Wait.' },
    ])
    expect((await checks({}, false)).of('drift')).toEqual([])
  })

  it('drift: canaries are taken when a target is verified first', async () => {
    await healthy()
    const { db, first: source, second: target } = corpus
    const request = { source, target, scope: {}, allowedQuarantined: 0, thresholds: defaultGates }
    await verify(corpus, request)
    const taken = await readCanaries(db, target.id)
    expect(taken).toHaveLength(8)
    await verify(corpus, request)
    expect(await readCanaries(db, target.id)).toEqual(taken)
  })

  it('says nothing of a model that is removed while others are looked at', async () => {
    const own = await testCorpus(await engine.connect())
    await writeLines(own, 'a.md', paragraphs(20))
    await embedChunks(own, own.second)
    own.models.before = async () => {
      own.models.before = async () => {}
      await removeModel(own, 'second')
    }
    const { checks: found } = await examine(own, { probe: true })
    expect(found.filter((one) => one.model === 'first').length).toBeGreaterThan(0)
    expect(found.filter((one) => one.model === 'second' && one.check !== 'tables')).toEqual([])
  })
})

it.each([
  ['0.8.0', 3],
  ['0.8.1', 3],
  ['0.8.2', 2],
  ['0.8.3', 1],
  ['0.8.4', 0],
  ['0.8.10', 0],
  ['0.9.0', 0],
  ['1.0.0', 0],
])('doctor: pgvector %s has %i known faults', (pgvectorVersion, faults) => {
  const check = checkPgvector({ pgvectorVersion, concurrent: true })
  expect(check).toMatchObject({ result: faults === 0 ? 'ok' : 'warn', data: { version: pgvectorVersion } })
  expect(check.data['faults']).toHaveLength(faults)
  // They need sessions beside each other.
  expect(checkPgvector({ pgvectorVersion, concurrent: false }).result).toBe('ok')
})
