import { expect, it, onTestFinished, vi } from 'vitest'
import { createRevector, type Revector } from '../../src/library/revector.ts'
import { connectDatabase } from '../../src/postgres/connect.ts'
import { raw } from '../../src/postgres/sql.ts'
import { describeEngines } from '../support/engines.ts'
import { space } from '../support/models.ts'
import { makeShape, modelName, type Shape, shapes, texts } from './shapes.ts'

vi.setConfig({ testTimeout: 120_000 })

const changed = 'A walrus lies on the ice.'
const added = 'A tern flies above it.'

/** By the name of a shape: how its application writes a text, without a vector. */
const writes: Readonly<
  Record<string, { readonly text: string; readonly add: string; readonly set: string }>
> = {
  'LangChain.js': {
    text: 'content',
    add: `insert into testlangchainjs (content) values ('${added}')`,
    set: `content = '${changed}'`,
  },
  'Mastra, whose text is in its metadata': {
    text: `metadata->>'text'`,
    add: `insert into docs (vector_id, metadata) values ('new', '{"text": "${added}"}')`,
    set: `metadata = '{"text": "${changed}"}'`,
  },
  'texts and vectors in two tables': {
    text: 'body',
    add: `insert into items (id, body) values (1000, '${added}')`,
    set: `body = '${changed}'`,
  },
}

describeEngines('what an application writes to its own table', (engine) => {
  async function adopted(
    shape: Shape,
  ): Promise<{ revector: Revector; run: (statement: string) => Promise<void> }> {
    const place = await engine.place()
    const before = await connectDatabase(place)
    await makeShape(before, shape)
    await before.close()
    let revector = await open()
    await revector.db.adopt(shape.table, { model: modelName })
    await revector.models.add(space('narrow', 32))
    await revector.ingestion.migrateToNewModel({ sourceModel: modelName, targetModel: 'narrow' })

    async function open(): Promise<Revector> {
      const opened = await createRevector({ ...place, schema: 'beside', logLevel: 'silent', poolSize: 3 })
      onTestFinished(() => opened.db.close())
      return opened
    }
    // The embedded engine has one process at a time.
    return {
      get revector() {
        return revector
      },
      async run(statement) {
        await revector.db.close()
        const db = await connectDatabase(place)
        await db.query(raw(statement))
        await db.close()
        revector = await open()
      },
    }
  }

  const first = async (revector: Revector, query: string): Promise<string | undefined> =>
    (await revector.retriever.search({ query, topK: 1 })).hits[0]?.content

  for (const shape of shapes) {
    const write = writes[shape.name]
    if (write === undefined) continue
    it(`of ${shape.name}: is found by the model that was migrated to, after a worker's turn`, async () => {
      const corpus = await adopted(shape)
      await corpus.run(write.add)
      await corpus.run(`update ${shape.texts} set ${write.set} where ${write.text} = '${texts[1]}'`)
      const { coverage } = await corpus.revector.retriever.search({ query: 'walrus' })
      expect(coverage['narrow']).toBeCloseTo((texts.length - 1) / (texts.length + 1))
      await corpus.revector.migrations.work({ once: true })
      expect(await first(corpus.revector, changed)).toBe(changed)
      expect(await first(corpus.revector, added)).toBe(added)
      const { coverage: whole } = await corpus.revector.retriever.search({ query: 'walrus' })
      expect(whole).toEqual({ narrow: 1 })

      await corpus.run(`delete from ${shape.texts} where ${write.text} = '${changed}'`)
      const [, narrow] = await corpus.revector.models.list()
      expect(narrow).toMatchObject({ modelName: 'narrow', embeddings: texts.length })
      await corpus.run(`truncate ${shape.texts} cascade`)
      expect((await corpus.revector.models.list())[1]).toMatchObject({ embeddings: 0 })
    })
  }
})
