import { expect, it, vi } from 'vitest'
import { openEmbeddingModel } from '../../src/embedding/open.ts'
import type { Revector } from '../../src/library/revector.ts'
import type { Database } from '../../src/postgres/database.ts'
import { raw, sql } from '../../src/postgres/sql.ts'
import { describeEngines, type Place } from '../support/engines.ts'
import { bareEnvironment, space } from '../support/models.ts'
import { asApplication, open } from './application.ts'
import { makeShape, modelName, run, type Shape, shapes, texts, write } from './shapes.ts'

vi.setConfig({ testTimeout: 120_000 })

const newName = 'lexical-hash-32'
const models = {
  64: openEmbeddingModel(space(modelName, 64), bareEnvironment),
  32: openEmbeddingModel(space(newName, 32), bareEnvironment),
} as const

async function vectorOf(text: string, width: 32 | 64): Promise<string> {
  const { vectors } = await (await models[width]).embed([text], { kind: 'document' })
  return `[${vectors[0]?.join(',')}]`
}

/** One deployment of LangChain, as its PGVectorStore writes and searches. */
function langChain(table: string, width: 32 | 64) {
  return {
    async add(db: Database, text: string): Promise<void> {
      const vector = await vectorOf(text, width)
      await db.query(
        sql`insert into ${raw(table)} (content, metadata, vector) values (${text}, '{}'::jsonb, ${vector}::vector)`,
      )
    },
    async first(db: Database, query: string): Promise<string | undefined> {
      const vector = await vectorOf(query, width)
      const { rows } = await db.query<{ content: string }>(sql`
        select content, vector <=> ${vector}::vector as _distance from ${raw(table)}
        where vector is not null order by _distance limit 1`)
      return rows[0]?.content
    },
  }
}

async function moved(place: Place, shape: Shape): Promise<Revector> {
  await asApplication(place, (db) => makeShape(db, shape))
  const revector = await open(place)
  await revector.db.adopt(shape.table, { model: modelName, ...shape.choices })
  await revector.models.add(space(newName, 32))
  await revector.ingestion.migrateToNewModel({ sourceModel: modelName, targetModel: newName })
  return revector
}

const [langChainShape] = shapes
if (langChainShape === undefined) throw new Error('There is no shape')

/** One table, and one unique column that names a row. */
const inOneTable = new Set([
  'LangChain.js',
  'LangChain.js, without a dimension',
  'LangChain (Python)',
  'Mastra, whose text is in its metadata',
  'quoted names in another schema',
])

/** A row there has its vector. */
const required: Shape = {
  name: 'the Vercel AI SDK, whose vectors are NOT NULL',
  table: 'embeddings',
  texts: 'embeddings',
  ddl: `create table resources (id varchar(191) primary key, content text not null);
    create table embeddings (id varchar(191) primary key, resource_id varchar(191) references resources (id) on delete cascade,
      content text not null, embedding vector(64) not null check (vector_dims(embedding) = 64));
    create index on embeddings using hnsw (embedding vector_cosine_ops) with (m = 8)`,
  insert: `with made as (insert into resources values ('r' || $1::int, '') returning id)
    insert into embeddings (id, resource_id, content, embedding) select 'e' || id, id, $2, $3::vector from made`,
  rename: `update embeddings set content = $1 where content like 'Grain%'`,
  remove: `delete from embeddings where content like 'The library%'`,
}

describeEngines('a table exposed for the next deployment', (engine) => {
  it('is searched by the new application while the old one goes on: each finds what the other has just written', async () => {
    const place = await engine.place()
    const revector = await moved(place, langChainShape)
    const exposed = await revector.db.expose(newName, { as: 'docs_next' })
    expect(exposed).toMatchObject({
      schema: 'public',
      table: 'docs_next',
      rows: texts.length,
      vectors: texts.length,
    })
    // Searches go on in the new place.
    const { hits, coverage } = await revector.retriever.search({ query: 'When do ships leave the harbour?' })
    expect([hits[0]?.content, coverage]).toEqual([texts[1], { [newName]: 1 }])
    await revector.db.close()

    const [older, newer] = [langChain('testlangchainjs', 64), langChain('docs_next', 32)]
    await asApplication(place, async (db) => {
      await older.add(db, 'A zebra walks through the harbour at night.')
      await newer.add(db, 'An ostrich crosses the bridge in the fog.')
      const { rows } = await db.query(sql`select from beside.chunk_embeddings where model_id = 2`)
      expect(rows).toEqual([])
    })
    const again = await open(place)
    const lacking = await again.models.list()
    expect(lacking.map(({ embeddings }) => embeddings)).toEqual([texts.length + 1, texts.length + 1])
    await again.migrations.work({ once: true })
    expect((await again.models.list()).map(({ coverage }) => coverage)).toEqual([1, 1])
    const found = async (query: string) => (await again.retriever.search({ query, topK: 1 })).hits[0]?.content
    expect(await found('ostrich bridge fog')).toBe('An ostrich crosses the bridge in the fog.')
    expect(await found('zebra harbour night')).toBe('A zebra walks through the harbour at night.')
    await again.db.close()
    await asApplication(place, async (db) => {
      expect(await older.first(db, 'ostrich bridge fog')).toBe('An ostrich crosses the bridge in the fog.')
      expect(await newer.first(db, 'zebra harbour night')).toBe('A zebra walks through the harbour at night.')
    })
  })

  it('has what is changed, replaced, deleted and truncated in the other, and no vector of another text', async () => {
    const place = await engine.place()
    const revector = await moved(place, langChainShape)
    await revector.db.expose(newName, { as: 'docs_next' })
    await revector.db.close()
    const both = (db: Database, columns: string) =>
      Promise.all(
        ['testlangchainjs', 'docs_next'].map(async (table) => {
          const { rows } = await db.query<{ all: string }>(sql`
            select coalesce(string_agg(r::text, ' ' order by r::text), '') as all
            from (select ${raw(columns)} from ${raw(table)}) r`)
          return rows[0]?.all ?? ''
        }),
      )
    const inStep = async (db: Database): Promise<string> => {
      const [old = '', next] = await both(db, 'id, content, metadata')
      expect(next).toBe(old)
      return old
    }
    await asApplication(place, async (db) => {
      const run = (statement: string) => db.query(raw(statement))
      await run(
        `update docs_next set content = 'A walrus lies on the ice.', metadata = '{"by": "new"}' where content like 'Grain%'`,
      )
      await run(`update testlangchainjs set metadata = '{"by": "old"}' where content like 'Bees%'`)
      expect(await inStep(db)).toContain('walrus')
      // Only the changed text is pending, once for each model.
      const pending = await db.query(sql`select model_id from beside.pending_chunks order by 1`)
      expect(pending.rows).toEqual([{ model_id: 1 }, { model_id: 2 }])
      await run(`insert into docs_next (id, content)
        select id, 'The library moved.' from testlangchainjs where content like 'The library%'
        on conflict (id) do update set content = excluded.content`)
      await run(`delete from docs_next where content like 'A lighthouse%'`)
      expect(await inStep(db)).toContain('The library moved.')
      // Ids that change, and a statement that another trigger of the application sends.
      await run(`update testlangchainjs set id = gen_random_uuid() where content like 'Ships%'`)
      const after = await inStep(db)
      expect(after).not.toContain('lighthouse')
      const vectors = await both(db, 'vector is not null as made')
      expect(vectors).toEqual(['(t) (t) (t) (t)', '(f) (t) (t) (t)'])
    })
    const again = await open(place)
    await again.migrations.work({ once: true })
    expect((await again.models.list()).map(({ coverage }) => coverage)).toEqual([1, 1])
    await again.db.close()
    await asApplication(place, async (db) => {
      for (const [table, width] of [
        ['testlangchainjs', 64],
        ['docs_next', 32],
      ] as const) {
        const application = langChain(table, width)
        expect(await application.first(db, 'a walrus on ice')).toBe('A walrus lies on the ice.')
        expect(await application.first(db, 'library moved')).toBe('The library moved.')
      }
      await db.query(raw('truncate docs_next'))
      expect(await inStep(db)).toBe('')
      expect((await db.query(sql`select from beside.pending_chunks`)).rows).toEqual([])
    })
  })

  it('lives alone once the old model is retired, and is left as it is when it is released', async () => {
    const place = await engine.place()
    const revector = await moved(place, langChainShape)
    await revector.db.expose(newName, { as: 'docs_next' })
    await revector.migrations.retire(undefined, { force: true })
    const { hits, coverage } = await revector.retriever.search({ query: 'When do ships leave the harbour?' })
    expect([hits[0]?.content, coverage]).toEqual([texts[1], { [newName]: 1 }])
    await revector.db.close()
    await asApplication(place, async (db) => {
      await db.query(raw('drop table testlangchainjs'))
      await langChain('docs_next', 32).add(db, 'An ostrich crosses the bridge in the fog.')
    })
    const again = await open(place)
    expect((await again.db.status()).adopted).toMatchObject({ table: 'docs_next' })
    const found = async (query: string) => (await again.retriever.search({ query, topK: 1 })).hits[0]?.content
    expect(await found('ostrich bridge fog')).toBe('An ostrich crosses the bridge in the fog.')
    // The next model: the table is what any adopted one is.
    await again.models.add(space('wider', 48))
    await again.ingestion.migrateToNewModel({ sourceModel: newName, targetModel: 'wider' })
    expect(await again.db.expose('wider', { as: 'docs_third' })).toMatchObject({ vectors: texts.length + 1 })
    await again.db.release()
    await again.db.close()
    await asApplication(place, async (db) => {
      const { rows } = await db.query<{ name: string; rows: number; triggers: number }>(sql`
        select c.relname as name, (select count(*)::int from pg_trigger where tgrelid = c.oid) as triggers
        from pg_class c where c.relname ~ '^docs_' and c.relkind = 'r' order by 1`)
      expect(rows).toEqual([
        { name: 'docs_next', triggers: 0 },
        { name: 'docs_third', triggers: 0 },
      ])
    })
  })

  for (const shape of [...shapes.filter(({ name }) => inOneTable.has(name)), required]) {
    it(`of ${shape.name} is like it, and both are followed`, async () => {
      const place = await engine.place()
      const revector = await moved(place, shape)
      await revector.db.expose(newName, { as: 'Next "one"' })
      await revector.db.close()
      const next = `${shape.texts.includes('.') ? '"rag data".' : ''}"Next ""one"""`
      await asApplication(place, async (db) => {
        await write(db, shape.insert, 6, 'A zebra walks through the harbour at night.')
        const insert = shape.insert.replace(shape.texts, next)
        await write(db, insert, 7, 'An ostrich crosses the bridge in the fog.', newName)
        await run(db, shape.rename.replace(shape.texts, next), 'Zebras drink at the fountain.')
        await run(db, shape.remove.replace(shape.texts, next), '')
      })
      const again = await open(place)
      await again.migrations.work({ once: true })
      for (const name of [modelName, newName]) {
        const found = async (query: string) =>
          (await again.retriever.search({ query, topK: 1, modelName: name })).hits[0]?.content
        expect(await found('ostrich bridge fog')).toBe('An ostrich crosses the bridge in the fog.')
        expect(await found('zebras drink fountain')).toBe('Zebras drink at the fountain.')
        expect(await found('zebra harbour night')).toBe('A zebra walks through the harbour at night.')
      }
      const models = await again.models.list()
      expect(models.map(({ embeddings, coverage }) => [embeddings, coverage])).toEqual([
        [6, 1],
        [6, 1],
      ])
    })
  }

  it('is made in steps: stopped after any of them, it goes on', async () => {
    const place = await engine.place()
    const revector = await moved(place, langChainShape)
    const stop = new AbortController()
    const stopped = revector.db.expose(newName, {
      as: 'docs_next',
      signal: stop.signal,
      onProgress: ({ type }) => {
        if (type === 'table.rows') stop.abort()
      },
    })
    await expect(stopped).rejects.toMatchObject({ code: 'INTERRUPTED' })
    await expect(revector.db.expose(newName, { as: 'other' })).rejects.toMatchObject({ code: 'MODEL_IN_USE' })
    await expect(revector.migrations.retire(undefined, { force: true })).rejects.toMatchObject({
      code: 'MODEL_IN_USE',
    })
    await revector.db.close()
    await asApplication(place, async (db) => {
      await langChain('testlangchainjs', 64).add(db, 'A zebra walks through the harbour at night.')
      await db.query(
        raw(`update testlangchainjs set content = 'A walrus lies on the ice.' where content like 'Grain%'`),
      )
    })
    // A worker goes on in the meantime, and what it stores is in the table, too.
    const again = await open(place)
    await again.migrations.work({ once: true })
    const exposed = await again.db.expose(newName, { as: 'docs_next' })
    expect(exposed).toMatchObject({ rows: texts.length + 1, vectors: texts.length + 1 })
    expect(await again.db.expose(newName, { as: 'docs_next' })).toEqual(exposed)
    const { hits, coverage } = await again.retriever.search({ query: 'a walrus on ice', topK: 1 })
    expect([hits[0]?.content, coverage]).toEqual(['A walrus lies on the ice.', { [newName]: 1 }])
    await again.db.close()
    await asApplication(place, async (db) => {
      const newer = langChain('docs_next', 32)
      expect(await newer.first(db, 'zebra harbour night')).toBe('A zebra walks through the harbour at night.')
      expect(await newer.first(db, 'a walrus on ice')).toBe('A walrus lies on the ice.')
    })
  })

  for (const shape of shapes.filter(({ name }) => !inOneTable.has(name))) {
    it(`is not made of ${shape.name}, and nothing is left half-made`, async () => {
      const place = await engine.place()
      await asApplication(place, (db) => makeShape(db, shape))
      const revector = await open(place)
      await revector.db.adopt(shape.table, { model: modelName, ...shape.choices })
      await revector.models.add(space(newName, 32))
      await expect(revector.db.expose(newName, { as: 'docs_next' })).rejects.toMatchObject({
        code: 'UPGRADE_REFUSED',
      })
      await revector.db.close()
      await asApplication(place, async (db) => {
        const { rows } = await db.query(sql`select from pg_class where relname = 'docs_next'`)
        expect(rows).toEqual([])
      })
    })
  }
})
