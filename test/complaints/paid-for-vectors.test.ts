import { expect, it, onTestFinished } from 'vitest'
import { createRevector } from '../../src/index.ts'
import { connectDatabase } from '../../src/postgres/connect.ts'
import { raw } from '../../src/postgres/sql.ts'
import { plainLegacy, script } from '../schema/legacy.ts'
import { describeEngines } from '../support/engines.ts'
import { embeddingsOf, watchedModel } from './support.ts'

describeEngines('vectors that were paid for', (engine) => {
  // 9. https://github.com/timescale/pgai/issues/196
  it('pgai#196: are adopted where they are, and searched without a call to the provider', async () => {
    const place = await engine.place()
    const before = await connectDatabase(place)
    await script(before, 'create extension if not exists vector')
    await script(before, plainLegacy(16, 60))
    const { rows: paid } = await before.query<{ chunk: string; vector: string }>(
      raw(
        'select chunk_id::text as chunk, embedding::text as vector from chunk_embeddings order by chunk_id',
      ),
    )
    await before.close()

    const next = watchedModel('next', 24)
    const revector = await createRevector({ ...place, models: [next] })
    onTestFinished(() => revector.db.close())
    await revector.db.run({ model: 'theirs' })
    expect(await embeddingsOf(revector, 'theirs')).toBe(60)
    expect((await revector.models.list()).find((model) => model.current)?.modelName).toBe('theirs')
    for (const { chunk, vector } of paid.slice(0, 10)) {
      const queryVector = Float32Array.from(JSON.parse(vector) as number[])
      const { hits } = await revector.retriever.search({ query: '', queryVector, topK: 1 })
      expect(hits[0]?.chunkId).toBe(chunk)
      expect(hits[0]?.distance).toBeCloseTo(0, 6)
    }
    // Moving on pays for the new model alone, from the texts that are there.
    const move = { sourceModel: 'theirs', targetModel: 'next' }
    expect(await revector.ingestion.migrateToNewModel(move)).toMatchObject({ embedded: 60, present: 0 })
    expect(await embeddingsOf(revector, 'theirs')).toBe(60)
  })
})
