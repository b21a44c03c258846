import { expect, it, onTestFinished, vi } from 'vitest'
import { openEmbeddingModel } from '../../src/embedding/open.ts'
import { createRevector, type Revector } from '../../src/library/revector.ts'
import type { Database } from '../../src/postgres/database.ts'
import { raw, sql } from '../../src/postgres/sql.ts'
import { describeEngines } from '../support/engines.ts'
import { bareEnvironment, space } from '../support/models.ts'
import { asApplication, open } from './application.ts'
import { digest, makeShape, modelName, run, shapes, texts, write } from './shapes.ts'

vi.setConfig({ testTimeout: 120_000 })

const question = 'When do ships leave the harbour?'

async function found(revector: Revector, query = question): Promise<string | undefined> {
  const { hits } = await revector.retriever.search({ query, topK: 1 })
  return hits[0]?.content
}

/** Columns, defaults, constraints, indexes and triggers of the application's tables. */
async function definition(db: Database): Promise<string> {
  const { rows } = await db.query<{ all: string }>(sql`
    with theirs as (
      select c.oid from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.relkind in ('r', 'p') and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'beside')
    ), facts as (
      select a.attrelid::regclass || ' ' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod) || ' ' || a.attnotnull
        || coalesce(pg_get_expr(d.adbin, d.adrelid), '') as fact
      from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
      where a.attrelid in (select oid from theirs) and a.attnum > 0
      union all select pg_get_constraintdef(oid) from pg_constraint where conrelid in (select oid from theirs)
      union all select pg_get_indexdef(indexrelid) from pg_index where indrelid in (select oid from theirs)
      union all select pg_get_triggerdef(oid) from pg_trigger where tgrelid in (select oid from theirs) and not tgisinternal
      union all select nspname from pg_namespace where nspname = 'beside'
    )
    select string_agg(fact, E'\n' order by fact) as all from facts`)
  return rows[0]?.all ?? ''
}

describeEngines('an application’s table', (engine) => {
  for (const shape of shapes) {
    it(`of ${shape.name} is searched, moved to another model and left as it was`, async () => {
      const place = await engine.place()
      const before = await asApplication(place, async (db) => {
        await makeShape(db, shape)
        return { rows: await digest(db, shape.texts), definition: await definition(db) }
      })
      const revector = await open(place)
      const adopted = await revector.db.adopt(shape.table, { model: modelName, ...shape.choices })
      expect(adopted).toMatchObject({
        mode: shape.mode ?? 'attach',
        rows: texts.length,
        model: modelName,
        verified: true,
      })
      expect(await found(revector)).toBe(texts[1])
      const status = await revector.db.status()
      expect(status).toMatchObject({ documents: texts.length, chunks: texts.length })
      const [document] = (await revector.documents.list()).documents
      expect((await revector.documents.embeddings(document?.id ?? '')).models).toMatchObject([
        { modelName, embeddings: 1, coverage: 1, missing: [] },
      ])

      await revector.models.add(space('narrow', 32))
      await revector.ingestion.migrateToNewModel({ sourceModel: modelName, targetModel: 'narrow' })
      const { hits, coverage } = await revector.retriever.search({ query: question })
      expect([hits[0]?.content, coverage]).toEqual([texts[1], { narrow: 1 }])
      await revector.migrations.rollBack()
      expect(await found(revector)).toBe(texts[1])
      const [first] = await revector.models.list()
      expect(first).toMatchObject({ modelName, state: 'current', coverage: 1 })
      expect(
        (await revector.doctor({ probe: false })).checks.filter(({ result }) => result === 'fail'),
      ).toEqual([])

      await revector.db.release()
      await revector.db.close()
      await asApplication(place, async (db) => {
        expect(await digest(db, shape.texts)).toBe(before.rows)
        expect(await definition(db)).toBe(before.definition)
      })
    })
  }

  for (const shape of shapes) {
    it(`of ${shape.name} is followed: what its application writes is searched in the other model`, async () => {
      const place = await engine.place()
      await asApplication(place, (db) => makeShape(db, shape))
      const revector = await open(place)
      await revector.db.adopt(shape.table, { model: modelName, ...shape.choices })
      await revector.models.add(space('narrow', 32))
      await revector.ingestion.migrateToNewModel({ sourceModel: modelName, targetModel: 'narrow' })
      await revector.db.close()
      const before = await asApplication(place, async (db) => {
        await write(db, shape.insert, 6, 'An ostrich crosses the bridge in the fog.')
        await run(db, shape.rename, 'Zebras drink at the fountain.')
        await run(db, shape.remove, '')
        return digest(db, shape.texts)
      })

      const again = await open(place)
      const ask = async (query: string) => {
        const { hits, coverage } = await again.retriever.search({ query, topK: 1 })
        return [hits[0]?.content, coverage['narrow']]
      }
      // The changed text is found under its old words, and both count as lacking.
      expect(await ask('ostrich bridge fog')).toEqual([expect.not.stringContaining('ostrich'), 3 / 5])
      await again.migrations.work({ once: true })
      expect(await ask('ostrich bridge fog')).toEqual(['An ostrich crosses the bridge in the fog.', 1])
      expect(await ask('zebras at the fountain')).toEqual(['Zebras drink at the fountain.', 1])
      expect(await ask('When does the library close?')).toEqual([expect.not.stringContaining('library'), 1])
      // Going back needs nothing: the application has kept its own vectors.
      await again.migrations.rollBack()
      expect(await found(again, 'ostrich bridge fog')).toBe('An ostrich crosses the bridge in the fog.')
      await again.db.close()
      await asApplication(place, async (db) => {
        expect(await digest(db, shape.texts)).toBe(before)
        await db.query(raw(`truncate ${shape.texts} cascade`))
        const { rows } = await db.query<{ left: string }>(
          sql`select count(*) as left from beside.chunk_embeddings`,
        )
        expect(rows).toEqual([{ left: '0' }])
      })
    })
  }

  it('is adopted once, however often that is asked for, at the same time and later', async () => {
    const place = await engine.place()
    const [shape] = shapes
    if (shape === undefined) throw new Error('There is no shape')
    await asApplication(place, (db) => makeShape(db, shape))
    const revector = await open(place)
    const others = 'databaseUrl' in place ? await Promise.all([open(place), open(place), open(place)]) : []
    const all = await Promise.all(
      [revector, ...others].map((one) => one.db.adopt(shape.table, { model: modelName })),
    )
    for (const adopted of all) expect(adopted).toMatchObject({ rows: texts.length, verified: true })
    expect(await revector.db.adopt(shape.table, { model: modelName })).toMatchObject({ rows: texts.length })
    expect(await found(revector)).toBe(texts[1])
    expect(await revector.models.list()).toHaveLength(1)
    // Another model, or other rows, is another adoption.
    const refused = { code: 'UPGRADE_REFUSED' }
    await expect(
      revector.db.adopt(shape.table, { model: 'another', unverified: true }),
    ).rejects.toMatchObject(refused)
    await expect(
      revector.db.adopt(shape.table, { model: modelName, where: `content like 'Bees%'` }),
    ).rejects.toMatchObject(refused)
  })

  it('is told of by the status and by doctor, which notices when it is no longer followed', async () => {
    const place = await engine.place()
    const [shape] = shapes
    if (shape === undefined) throw new Error('There is no shape')
    await asApplication(place, (db) => makeShape(db, shape))
    const revector = await open(place)
    const { lockedMs } = await revector.db.adopt(shape.table, { model: modelName })
    expect(lockedMs).toBeGreaterThan(0)
    const { adopted } = await revector.db.status()
    expect(adopted).toEqual({
      schema: 'public',
      table: shape.table,
      column: 'vector',
      verified: true,
      exposed: null,
    })
    const check = async (reader: Revector) =>
      (await reader.doctor({ probe: false })).checks.find((one) => one.check === 'adopted_table')
    expect(await check(revector)).toMatchObject({ result: 'ok' })
    await expect(revector.db.rollback()).rejects.toMatchObject({ code: 'ROLLBACK_REFUSED' })
    await revector.db.close()
    await asApplication(place, (db) => db.query(raw(`alter table ${shape.texts} disable trigger user`)))
    const again = await open(place)
    expect(await check(again)).toMatchObject({
      result: 'fail',
      data: { triggers: { enabled: 0, expected: 4 } },
    })
  })

  it('takes writes even when its owner has renamed what is followed', async () => {
    const place = await engine.place()
    const [shape] = shapes
    if (shape === undefined) throw new Error('There is no shape')
    await asApplication(place, (db) => makeShape(db, shape))
    const revector = await open(place)
    await revector.db.adopt(shape.table, { model: modelName })
    await revector.db.close()
    await asApplication(place, async (db) => {
      await db.query(raw('alter table testlangchainjs rename column content to body'))
      await write(db, shape.insert.replace('content', 'body'), 6, 'An ostrich crosses the bridge.')
    })
    // The views follow the column by themselves.
    const again = await open(place)
    expect(await found(again, 'ostrich bridge')).toBe('An ostrich crosses the bridge.')
  })

  it('is not written by Revector', async () => {
    const place = await engine.place()
    const [shape] = shapes
    if (shape === undefined) throw new Error('There is no shape')
    await asApplication(place, (db) => makeShape(db, shape))
    const revector = await open(place)
    await revector.db.adopt(shape.table, { model: modelName })
    const refused = { code: 'CORPUS_OF_APPLICATION' }
    const { hits } = await revector.retriever.search({ query: question, topK: 1 })
    await expect(revector.documents.remove(hits[0]?.documentId ?? '')).rejects.toMatchObject(refused)
    await expect(revector.ingestion.ingestDocument({ title: 'a', content: 'b' })).rejects.toMatchObject(
      refused,
    )
    await revector.models.add(space('narrow', 32))
    await revector.ingestion.migrateToNewModel({ sourceModel: modelName, targetModel: 'narrow' })
    const back = { sourceModel: 'narrow', targetModel: modelName }
    await expect(revector.migrations.start(back)).rejects.toMatchObject(refused)
    await expect(revector.migrations.plan(back)).rejects.toMatchObject(refused)
    expect((await revector.db.status()).chunks).toBe(texts.length)
  })

  it('is refused with a model that did not make its vectors, unless that is accepted', async () => {
    const place = await engine.place()
    const [shape] = shapes
    if (shape === undefined) throw new Error('There is no shape')
    await asApplication(place, async (db) => {
      await makeShape(db, shape)
      // Another program's vectors of the same width.
      await db.query(raw(`update testlangchainjs set vector = array_fill(0.1::real, array[64])::vector`))
    })
    const revector = await open(place)
    await expect(revector.db.adopt(shape.table, { model: modelName })).rejects.toMatchObject({
      code: 'MODEL_UNPROVEN',
    })
    await expect(revector.db.adopt(shape.table, { model: 'lexical-hash-128' })).rejects.toMatchObject({
      code: 'MODEL_DIMENSION_CONFLICT',
    })
    await asApplication(place, async (db) => expect(await definition(db)).not.toContain('beside'))
    const adopted = await revector.db.adopt(shape.table, { model: modelName, unverified: true })
    expect(adopted.verified).toBe(false)
    expect((await revector.db.status()).adopted).toMatchObject({ verified: false })
  })

  it('is told to hold the beginnings of a model’s vectors', async () => {
    const place = await engine.place()
    const [shape] = shapes
    if (shape === undefined) throw new Error('There is no shape')
    const longer = await openEmbeddingModel(space('lexical-hash-128', 128), bareEnvironment)
    const { vectors } = await longer.embed(texts, { kind: 'document' })
    await asApplication(place, async (db) => {
      await makeShape(db, shape)
      for (const [i, text] of texts.entries()) {
        const shortened = `[${vectors[i]?.slice(0, 64).join(',')}]`
        await db.query(sql`
          update testlangchainjs set vector = l2_normalize(${shortened}::vector) where content = ${text}`)
      }
    })
    const revector = await open(place)
    await expect(revector.db.adopt(shape.table, { model: 'lexical-hash-128' })).rejects.toMatchObject({
      code: 'MODEL_DIMENSION_CONFLICT',
      message: expect.stringContaining('holds the first 64 numbers of the vectors of "lexical-hash-128"'),
      data: { shortened: true },
    })
    // One that cuts them is proved.
    const own = await createRevector({
      ...place,
      schema: 'beside',
      logLevel: 'silent',
      models: [
        {
          ...space('cut', 64),
          embed: async (asked) => {
            const made = await longer.embed(asked, { kind: 'document' })
            return made.vectors.map((vector) => vector.slice(0, 64))
          },
        },
      ],
    })
    onTestFinished(() => own.db.close())
    expect(await own.db.adopt(shape.table, { model: 'cut' })).toMatchObject({ verified: true })
  })

  it('that was adopted without proof is proved by adopting it again', async () => {
    const place = await engine.place()
    const [shape] = shapes
    if (shape === undefined) throw new Error('There is no shape')
    await asApplication(place, (db) => makeShape(db, shape))
    let answers = false
    const real = space(modelName, 64)
    const model = await openEmbeddingModel(real, bareEnvironment)
    const revector = await createRevector({
      ...place,
      schema: 'beside',
      logLevel: 'silent',
      models: [
        {
          ...real,
          modelName: 'own',
          embed: async (asked) => {
            if (!answers) throw new Error('The provider is gone')
            return (await model.embed(asked, { kind: 'document' })).vectors
          },
        },
        {
          ...real,
          modelName: 'other',
          embed: async (asked) => asked.map(() => new Float32Array(64).fill(1)),
        },
      ],
    })
    onTestFinished(() => revector.db.close())
    await revector.db.adopt(shape.table, { model: 'own', unverified: true })
    expect((await revector.db.status()).adopted).toMatchObject({ verified: false })
    answers = true
    // One model does not answer for another.
    await expect(revector.db.adopt(shape.table, { model: 'other' })).rejects.toMatchObject({
      code: 'MODEL_UNPROVEN',
    })
    await revector.db.adopt(shape.table, { model: 'own' })
    expect((await revector.db.status()).adopted).toMatchObject({ verified: true })
  })

  it('is read by --where alike in texts and vectors, also in two tables', async () => {
    const place = await engine.place()
    const shape = shapes.find(({ texts: table }) => table === 'items')
    if (shape === undefined) throw new Error('There is no such shape')
    await asApplication(place, (db) => makeShape(db, shape))
    const revector = await open(place)
    const adopted = await revector.db.adopt(shape.table, { model: modelName, where: `body like '%ships%'` })
    expect(adopted.rows).toBe(1)
    const [model] = await revector.models.list()
    expect(model).toMatchObject({ embeddings: 1, coverage: 1 })
    const { hits } = await revector.retriever.search({ query: 'bees of the hive' })
    expect(hits.map(({ content }) => content)).toEqual([texts[4]])
  })

  it('is found by discover, with what can be done with it', async () => {
    const place = await engine.place()
    await asApplication(place, async (db) => {
      for (const shape of shapes.slice(0, 6)) await makeShape(db, shape)
      await db.query(raw('create table numbers (id int primary key, embedding real[], note text)'))
      await db.query(raw(`insert into numbers values (1, array_fill(1::real, array[8]), 'a')`))
      await db.query(raw(`create table as_json (id int primary key, embedding jsonb, vector_note text)`))
      await db.query(raw(`insert into as_json values (1, '[1,2,3,4,5,6,7,8]', 'no vector')`))
    })
    const revector = await createRevector({ ...place, logLevel: 'silent' })
    onTestFinished(() => revector.db.close())
    const columns = await revector.db.discover()
    expect(columns.map(({ table, tool, mode, rows }) => [table, tool, mode, rows])).toEqual([
      ['as_json', null, 'copy', 1],
      ['docs', 'Mastra', 'attach', 5],
      ['item_vectors', null, 'attach', 5],
      ['langchain_docs', 'LangChain.js', 'attach', 5],
      ['langchain_pg_embedding', 'LangChain (Python)', 'attach', 5],
      ['numbers', null, 'copy', 1],
      ['testlangchainjs', 'LangChain.js', 'attach', 5],
      ['Passage Store', null, 'attach', 5],
    ])
    const byTable = new Map(columns.map((one) => [one.table, one]))
    // LangChain's own search orders by the column, and its index is on a cast.
    expect(byTable.get('langchain_docs')?.index?.used).toBe(false)
    expect(byTable.get('testlangchainjs')?.index?.used).toBe(true)
    expect(byTable.get('langchain_docs')?.dimension).toBe(64)
    expect(byTable.get('Passage Store')?.adopt).toBe(
      `revector db adopt 'rag data.Passage Store' --model NAME`,
    )
    // Nothing is set up unasked beside vectors.
    await expect(revector.retriever.search({ query: question })).rejects.toMatchObject({
      code: 'SCHEMA_MISSING',
    })
    // Nor by options that are about a table which is not there.
    await expect(revector.db.run({ model: modelName })).rejects.toMatchObject({ code: 'INVALID_INPUT' })
    await revector.db.initialize()
    expect((await revector.db.status()).documents).toBe(0)
  })
})
