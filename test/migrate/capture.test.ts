import { expect, it } from 'vitest'
import { examine } from '../../src/doctor/doctor.ts'
import { cutOver } from '../../src/migrate/cut-over.ts'
import { fillModel } from '../../src/migrate/fill/fill-model.ts'
import { work } from '../../src/migrate/fill/work.ts'
import { startMigration } from '../../src/migrate/start.ts'
import { migrationStatus } from '../../src/migrate/status.ts'
import { verifyMigration } from '../../src/migrate/verify/verify-migration.ts'
import { useModel } from '../../src/models/registry.ts'
import type { Database } from '../../src/postgres/database.ts'
import { ident, sql } from '../../src/postgres/sql.ts'
import { search } from '../../src/search/search.ts'
import { countVectors } from '../../src/store/coverage.ts'
import { countPending } from '../../src/store/pending.ts'
import type { Model } from '../../src/wire/model.ts'
import { begin, waitedFor } from '../support/begin.ts'
import { type TestCorpus, testCorpus, writeLines, wrongVectors } from '../support/corpus-deps.ts'
import { describeEngines, describeServer } from '../support/engines.ts'
import { quick, texts } from '../support/fills.ts'

const pair = { sourceModel: 'first', targetModel: 'second', createdBy: 'ada' } as const

/** As an application does, which knows no model. */
async function insert(db: Pick<Database, 'query'>, contents: readonly string[]): Promise<readonly string[]> {
  const { rows } = await db.query<{ id: string }>(sql`
    insert into chunks (document_id, position, content, content_hash, start_offset, end_offset, token_count)
    select (select min(id) from documents), 1000 + n, u.content, '', 0, 1, 1
    from unnest(${contents}::text[]) with ordinality as u (content, n)
    order by n
    returning id::text as id`)
  return rows.map(({ id }) => id)
}

async function change(db: Pick<Database, 'query'>, from: string, to: string | null): Promise<void> {
  const { rowCount } = await db.query(sql`update chunks set content = ${to} where content = ${from}`)
  expect(rowCount).toBeGreaterThan(0)
}

async function recorded({ db }: TestCorpus): Promise<readonly object[]> {
  const { rows } = await db.query(sql`
    select m.model_name as model, c.content from pending_chunks p
    left join chunks c on c.id = p.chunk_id left join embedding_models m on m.id = p.model_id
    order by c.id, m.id`)
  return rows
}

/** The text that is nearest to a query in a model. */
async function nearest(corpus: TestCorpus, query: string, modelName: string): Promise<string | undefined> {
  const { hits } = await search(corpus, { query, modelName, topK: 1 })
  return hits[0]?.content
}

const staleOf = async (corpus: TestCorpus, { modelName }: Model) =>
  (await examine(corpus, { probe: false })).checks.filter(
    (one) => one.check === 'stale_vectors' && one.model === modelName,
  )

describeEngines('what an application writes by SQL', (engine) => {
  const fresh = async () => ({ ...(await testCorpus(await engine.connect())), pace: quick })

  /** With two written models: the second was current before. */
  async function moved(count = 20) {
    const corpus = await fresh()
    await writeLines(corpus, 'a.md', texts(count))
    await fillModel(corpus, corpus.second)
    await useModel(corpus, 'second')
    await useModel(corpus, 'first')
    expect(await recorded(corpus)).toEqual([])
    return corpus
  }

  it('is pending for every written model, and a worker embeds it without being asked', async () => {
    const corpus = await moved()
    await insert(corpus.db, ['a walrus on the ice', '  \t\u00a0', 'a tern above it'])
    expect(await recorded(corpus)).toEqual([
      { model: 'first', content: 'a walrus on the ice' },
      { model: 'second', content: 'a walrus on the ice' },
      { model: 'first', content: 'a tern above it' },
      { model: 'second', content: 'a tern above it' },
    ])
    await work(corpus, { once: true })
    expect(await recorded(corpus)).toEqual([])
    expect(await nearest(corpus, 'walrus on the ice', 'first')).toBe('a walrus on the ice')
    expect(await nearest(corpus, 'walrus on the ice', 'second')).toBe('a walrus on the ice')
  })

  it('counts as lacking when it is a changed text, and is found under its new words after the next turn', async () => {
    const corpus = await moved()
    const { db, layout, first, second } = corpus
    await change(db, 'text number 7', 'a walrus on the ice')
    for (const model of [first, second]) {
      expect(await countPending(db, layout, model)).toBe(1)
      expect(await countVectors(db, layout, model)).toMatchObject({ chunks: 20, vectors: 19 })
      expect(await staleOf(corpus, model)).toMatchObject([{ data: { stale: 1 } }])
    }
    await work(corpus, { once: true })
    for (const model of [first, second]) {
      expect(await wrongVectors(corpus, model)).toEqual([])
      expect(await staleOf(corpus, model)).toMatchObject([{ result: 'ok' }])
      expect(await nearest(corpus, 'walrus on the ice', model.modelName)).toBe('a walrus on the ice')
      expect(await countVectors(db, layout, model)).toMatchObject({ chunks: 20, vectors: 20 })
    }
    expect(await recorded(corpus)).toEqual([])
  })

  it('is not recorded when it changes no text, nor when Revector writes it', async () => {
    const corpus = await moved()
    await corpus.db.query(sql`update chunks set page = 3, content = content`)
    await writeLines(corpus, 'a.md', ['text number 3', ...texts(5, 'other')])
    expect(await recorded(corpus)).toEqual([])
    expect(await wrongVectors(corpus, corpus.first)).toEqual([])
  })

  it('does not let a cut-over through, however little of it the verification saw', async () => {
    const corpus = await fresh()
    const { db, layout, second } = corpus
    await writeLines(corpus, 'a.md', texts(22))
    await startMigration(corpus, pair)
    await work(corpus, { once: true })
    expect(await migrationStatus(corpus)).toMatchObject({ state: 'ready' })
    await insert(db, texts(17, 'late'))
    await change(db, 'text number 3', 'a walrus on the ice')
    await expect(cutOver(corpus)).rejects.toMatchObject({
      code: 'GATE_FAILED',
      data: { gates: ['coverage'], missing: 18 },
    })
    expect(await migrationStatus(corpus)).toMatchObject({ state: 'filling' })
    await work(corpus, { once: true })
    expect(await cutOver(corpus)).toMatchObject({ state: 'cut_over' })
    expect(await countVectors(db, layout, second)).toMatchObject({ chunks: 39, vectors: 39 })
    expect(await wrongVectors(corpus, second)).toEqual([])
  })

  it('does not let a cut-over pass what could not be embedded since, unless that is accepted by name', async () => {
    const corpus = await fresh()
    await writeLines(corpus, 'a.md', texts(10))
    await startMigration(corpus, pair)
    await work(corpus, { once: true })
    corpus.models.poison.add('a walrus on the ice')
    await insert(corpus.db, ['a walrus on the ice'])
    await work(corpus, { once: true })
    await expect(cutOver(corpus)).rejects.toMatchObject({
      code: 'GATE_FAILED',
      data: { gates: ['coverage'] },
    })
    expect(await migrationStatus(corpus)).toMatchObject({ state: 'ready' })
    expect(await cutOver(corpus, { override: ['coverage'] })).toMatchObject({ state: 'cut_over' })
  })

  it('is embedded as it is now when it changes while a worker embeds it', async () => {
    const corpus = await moved()
    const { db, models, first } = corpus
    let changes = 3
    models.before = async () => {
      if (changes === 0) return
      changes -= 1
      await change(db, changes === 2 ? 'text number 1' : `version ${changes + 1}`, `version ${changes}`)
    }
    await insert(db, ['a walrus on the ice'])
    await work(corpus, { once: true })
    expect(changes).toBe(0)
    expect(await wrongVectors(corpus, first)).toEqual([])
    expect(await recorded(corpus)).toEqual([])
  })

  it('gives no chunk the vector of a text that it does not have', async () => {
    const corpus = await moved()
    const { db, first } = corpus
    // Twins by their texts; the vector of the one that was changed is of another text.
    await change(db, 'text number 1', 'a walrus on the ice')
    await insert(db, ['a walrus on the ice', 'text number 2'])
    await writeLines(corpus, 'b.md', ['a walrus on the ice', 'text number 1'])
    expect(await wrongVectors(corpus, first)).toEqual(['a walrus on the ice'])
    await work(corpus, { once: true })
    expect(await wrongVectors(corpus, first)).toEqual([])
    expect(await wrongVectors(corpus, corpus.second)).toEqual([])
    expect(await recorded(corpus)).toEqual([])
  })

  it('has the hash of its text, whatever it said of it', async () => {
    const { db } = await moved()
    await insert(db, ['a walrus on the ice'])
    await change(db, 'text number 4', 'a tern')
    await db.query(sql`update chunks set content_hash = 'nothing' where content = 'text number 5'`)
    const { rows } = await db.query(sql`
      select content from chunks where content_hash <> encode(sha256(convert_to(content, 'UTF8')), 'hex')`)
    expect(rows).toEqual([])
  })

  it('loses its vectors when it becomes blank, and its quarantine when it changes', async () => {
    const corpus = await moved()
    const { db, models, first } = corpus
    models.poison.add('a bad text')
    await insert(db, ['a bad text'])
    await work(corpus, { once: true })
    expect((await db.query(sql`select from quarantined_chunks`)).rowCount).toBe(2)
    await change(db, 'a bad text', 'a good text')
    await change(db, 'text number 0', ' ')
    await work(corpus, { once: true })
    expect((await db.query(sql`select from quarantined_chunks`)).rowCount).toBe(0)
    expect(await recorded(corpus)).toEqual([])
    expect(await nearest(corpus, 'a good text', 'first')).toBe('a good text')
    expect(
      (await search(corpus, { query: 'number', topK: 50 })).hits.map(({ content }) => content),
    ).not.toContain(' ')
    expect(await staleOf(corpus, first)).toMatchObject([{ result: 'ok' }])
  })

  it('leaves nothing behind when it is deleted, truncated or gets another id', async () => {
    const corpus = await moved()
    const { db } = corpus
    const [one = '', two = ''] = await insert(db, ['a walrus on the ice', 'a tern above it'])
    await db.query(sql`delete from chunks where id = ${one}::bigint`)
    await db.query(sql`update chunks set id = 77777 where id = ${two}::bigint`)
    await work(corpus, { once: true })
    expect(await nearest(corpus, 'a tern above it', 'second')).toBe('a tern above it')
    await insert(db, ['a fourth'])
    await db.query(sql`truncate chunks cascade`)
    for (const table of ['pending_chunks', 'chunk_embeddings', 'quarantined_chunks']) {
      const { rows } = await db.query(sql`select count(*)::int as left from ${ident(table)}`)
      expect(rows).toEqual([{ left: 0 }])
    }
  })

  it('is found by verify and doctor when no trigger saw it, and filled again', async () => {
    const corpus = await fresh()
    const { db, first, second } = corpus
    await writeLines(corpus, 'a.md', texts(12))
    await startMigration(corpus, pair)
    await work(corpus, { once: true })
    await db.query(sql`alter table chunks disable trigger user`)
    await change(db, 'text number 1', 'a walrus on the ice')
    await db.query(sql`alter table chunks enable trigger user`)
    expect(await recorded(corpus)).toEqual([])
    for (const model of [first, second]) {
      expect(await staleOf(corpus, model)).toMatchObject([
        { data: { stale: 1 }, hint: expect.stringContaining(`revector models fill ${model.modelName}`) },
      ])
    }
    const { migration, verification } = await verifyMigration(corpus)
    expect(migration).toMatchObject({ state: 'filling' })
    expect(verification.gates[0]).toMatchObject({
      gate: 'coverage',
      passed: false,
      measured: expect.stringContaining('1 lacks one (1 has that of an earlier text)'),
      data: { missing: 1, stale: 1 },
    })
    await work(corpus, { once: true })
    expect(await wrongVectors(corpus, second)).toEqual([])
    expect(await fillModel(corpus, first)).toMatchObject({ embedded: 1 })
    expect(await wrongVectors(corpus, first)).toEqual([])
    expect(await staleOf(corpus, first)).toMatchObject([{ result: 'ok' }])
  })
})

describeServer('a transaction of an application that is not over', (engine) => {
  it('holds up the start and the cut-over of a migration until it is seen', async () => {
    const corpus = { ...(await testCorpus(await engine.connect())), pace: quick }
    const { db } = corpus
    await writeLines(corpus, 'a.md', texts(10))
    const inserting = await begin(db)
    await insert(inserting.tx, ['a walrus on the ice'])
    const started = startMigration(corpus, pair)
    await waitedFor(inserting.tx)
    await inserting.commit()
    await started
    await work(corpus, { once: true })
    expect(await wrongVectors(corpus, corpus.second)).toEqual([])
    expect(await migrationStatus(corpus)).toMatchObject({ state: 'ready' })

    const changing = await begin(db)
    await change(changing.tx, 'a walrus on the ice', 'a tern above it')
    const over = cutOver(corpus).catch((error: unknown) => error)
    await waitedFor(changing.tx)
    await changing.commit()
    expect(await over).toMatchObject({ code: 'GATE_FAILED', data: { missing: 1 } })
  })
})
