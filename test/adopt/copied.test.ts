import { expect, it, vi } from 'vitest'
import { raw, sql } from '../../src/postgres/sql.ts'
import { describeEngines } from '../support/engines.ts'
import { space } from '../support/models.ts'
import { asApplication, open } from './application.ts'
import { makeShape, modelName, shapes, texts } from './shapes.ts'

vi.setConfig({ testTimeout: 120_000 })

const copied = shapes.filter(({ mode }) => mode === 'copy')

describeEngines('vectors that pgvector can’t search where they are', (engine) => {
  it.each(copied)('are copied from $name, and every write of theirs is followed', async (shape) => {
    const place = await engine.place()
    await asApplication(place, (db) => makeShape(db, shape))
    const vectors = shape.table
    const revector = await open(place)
    await revector.db.adopt(shape.table, { model: modelName })
    expect((await revector.models.list())[0]).toMatchObject({ embeddings: 5, coverage: 1 })
    // The application makes them, not Revector.
    await revector.models.add(space('narrow', 32))
    await expect(
      revector.migrations.plan({ sourceModel: 'narrow', targetModel: modelName }),
    ).rejects.toMatchObject({
      code: 'CORPUS_OF_APPLICATION',
    })
    await revector.db.close()
    const column = { snippet_vectors: 'numbers', cards: 'embedding', lines: 'vector_text' }[vectors] ?? ''
    const stored = (): Promise<readonly string[]> =>
      asApplication(place, async (db) => {
        const { rows } = await db.query<{ text: string }>(sql`
          select c.content as text from beside.chunk_embeddings_model_1 e join beside.chunks c on c.id = e.chunk_id order by 1`)
        return rows.map(({ text }) => text)
      })
    const [bees, ships, library, grain, lighthouse] = texts
    // What is no vector, or one of another width, is left out; what was none and becomes one is taken.
    await asApplication(place, async (db) => {
      await makeShape(db, {
        ...shape,
        ddl: 'select 1',
        insert: shape.insert.replace('$1::int', '$1::int + 10'),
      })
      const of = (text: string | undefined): string =>
        vectors === 'snippet_vectors'
          ? `snippet_id in (select id from snippets where body = '${text}' and id < 10)`
          : `body = '${text}' and ${vectors === 'cards' ? 'no' : 'id'} < 10`
      await db.query(raw(`update ${vectors} set ${column} = null where ${of(bees)}`))
      const short = { numbers: `'{1,2}'`, embedding: `'[1,2]'`, vector_text: `'nonsense'` }[column]
      await db.query(raw(`update ${vectors} set ${column} = ${short} where ${of(ships)}`))
      await db.query(raw(`delete from ${vectors} where ${of(library)}`))
    })
    const all = [bees, grain, grain, library, lighthouse, lighthouse, ships]
    expect(await stored()).toEqual(all.sort())
    await asApplication(place, async (db) => {
      await db.query(
        raw(`update ${vectors} set ${column} = (select ${column} from ${vectors} where length(${column}::text) > 100 limit 1)
          where ${column} is null`),
      )
    })
    expect(await stored()).toEqual([bees, ...all].sort())
    const again = await open(place)
    const { checks } = await again.doctor({ probe: false })
    expect(checks.find(({ check }) => check === 'adopted_table')).toMatchObject({ result: 'ok' })
    const { hits } = await again.retriever.search({ query: 'lighthouse rocks', topK: 2 })
    expect(hits.map(({ content }) => content)).toEqual([lighthouse, lighthouse])
    await again.db.close()
    await asApplication(place, (db) => db.query(raw(`truncate ${vectors}`)))
    expect(await stored()).toEqual([])
  })
})
