import { expect, it } from 'vitest'
import type { ProgressEvent } from '../../src/core/progress.ts'
import { type WriteOptions, writeDocuments } from '../../src/ingest/write.ts'
import { addModel, removeModel } from '../../src/models/registry.ts'
import { bulkLoading } from '../../src/schema/bulk-load.ts'
import { hnswIndexOf } from '../../src/schema/hnsw-index.ts'
import { countVectors } from '../../src/store/coverage.ts'
import { setModelState } from '../../src/store/models.ts'
import { type TestCorpus, testCorpus } from '../support/corpus-deps.ts'
import { describeEngines } from '../support/engines.ts'
import { space } from '../support/models.ts'
import { lines } from '../support/paragraphs.ts'

/** Writes a document of so many chunks as an ingest does: rows first, then the HNSW index. */
function load(corpus: TestCorpus, name: string, told: Partial<WriteOptions> = {}) {
  const texts = Array.from({ length: 100 }, (_, i) => `${name} ${i}`)
  return bulkLoading(corpus.db, {}, ({ before }) =>
    writeDocuments(corpus, [lines(name, texts)], {
      failing: new Set(),
      beforeStoring: before,
      ...told,
    }),
  )
}

describeEngines('a large write', (engine) => {
  it('builds its HNSW index in the memory that it is given', async () => {
    const corpus = await testCorpus(await engine.connect())
    const texts = Array.from({ length: 2_000 }, (_, i) => `text ${i}`)
    const warnings: string[] = []
    const onProgress = (event: ProgressEvent) => {
      if (event.type === 'warning') warnings.push(event.message)
    }
    await bulkLoading(corpus.db, { onProgress, limits: { memory: 2 ** 20 } }, ({ before }) =>
      writeDocuments(corpus, [lines('a.md', texts)], { failing: new Set(), beforeStoring: before }),
    )
    expect(await hnswIndexOf(corpus.db, corpus.first)).toMatchObject({ valid: true })
    expect(warnings).toEqual([expect.stringMatching(/no longer fits into the 1MB of its build/)])
  })
})

describeEngines('large writes at once', (engine) => {
  it('take the HNSW index away and build it one for all', async () => {
    const corpus = await testCorpus(await engine.connect())
    const { db, layout, first } = corpus
    // A second model of the same dimension, whose HNSW index may want the same name.
    const other = await addModel({ db, layout }, space('other', first.dimension))
    await setModelState(db, other.id, 'standby')
    for (let round = 0; round < 3; round += 1) {
      const names = Array.from({ length: 5 }, (_, i) => `${round} ${i}.md`)
      await Promise.all(names.map((name) => load(corpus, name)))
      for (const model of [first, other]) {
        expect(await hnswIndexOf(db, model)).toMatchObject({ valid: true })
        expect(await countVectors(db, layout, model)).toMatchObject({ vectors: 500 * (round + 1) })
      }
    }
  })

  it('go on without a model that is removed meanwhile', async () => {
    const corpus = await testCorpus(await engine.connect())
    const { db, layout, first, second } = corpus
    await setModelState(db, second.id, 'standby')
    let removed = false
    await bulkLoading(db, {}, ({ before }) =>
      load(corpus, 'a.md', {
        beforeStoring: async (model, rows) => {
          await before(model, rows)
          if (removed) return
          removed = true
          await removeModel({ db, layout }, 'second')
        },
      }),
    )
    expect(removed).toBe(true)
    expect(await countVectors(db, layout, first)).toMatchObject({ chunks: 100, vectors: 100 })
  })
})
