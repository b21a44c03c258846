import { expect, it, onTestFinished, vi } from 'vitest'
import { createRevector } from '../../src/library/revector.ts'
import { describeServer } from '../support/engines.ts'
import { dump, passages, startApplication } from './app.ts'

vi.setConfig({ testTimeout: 240_000 })

const [old, next] = ['lexical-hash-1536', 'lexical-hash-384']

const tools = [
  { tool: 'langchain', table: 'testlangchainjs' },
  { tool: 'langchainCollection', table: 'lc_embeddings' },
  { tool: 'llamaindex', table: 'llamaindex_embedding' },
  { tool: 'mastra', table: 'docs' },
]

describeServer('an application that is not stopped', (engine) => {
  for (const { tool, table } of tools) {
    it(`reads and writes its own table before, during and after a move: ${tool}`, async () => {
      const place = await engine.place()
      if (!('databaseUrl' in place)) throw new Error('A server has an address')
      const app = startApplication(tool, place.databaseUrl, { dimension: 1536 })
      if (tool === 'mastra') await app('index')
      await app('add', passages)
      if (tool === 'langchain') await app('index')
      const before = await dump(place.databaseUrl)

      const revector = await createRevector({ ...place, schema: 'beside', logLevel: 'silent', poolSize: 3 })
      onTestFinished(() => revector.db.close())
      const find = async (query: string) =>
        (await revector.retriever.search({ query, topK: 1 })).hits[0]?.content
      let step = 0
      /** It writes, it finds what it wrote, Revector finds it, and it takes it away again. */
      const goesOn = async (): Promise<void> => {
        step += 1
        const text = `Zebras number ${step} drink at the fountain.`
        expect(await app('search', 'When do ships leave the harbour?')).toContain(passages[0])
        await app('add', [text])
        expect(await app('search', text)).toContain(text)
        await revector.migrations.work({ once: true })
        expect([step, await find(text)]).toEqual([step, text])
        await app('remove', text)
        expect(await app('search', text)).not.toContain(text)
        expect([step, await find(text)]).toEqual([step, expect.not.stringContaining('Zebras')])
      }

      const adopted = await revector.db.adopt(table, { model: old })
      expect(adopted).toMatchObject({ rows: passages.length, verified: true })
      await goesOn()
      await revector.models.add({ modelName: next })
      await revector.migrations.start({ targetModel: next })
      await goesOn()
      await revector.migrations.verify()
      await goesOn()
      await revector.migrations.cutOver()
      await goesOn()
      await revector.migrations.rollBack()
      await goesOn()
      await revector.ingestion.migrateToNewModel({ sourceModel: old, targetModel: next })
      await goesOn()
      await revector.migrations.retire(undefined, { force: true })
      await goesOn()
      await revector.db.release()
      await revector.db.close()

      expect(await dump(place.databaseUrl)).toBe(before)
      expect(await app('search', 'When do ships leave the harbour?')).toContain(passages[0])
    })
  }
})
