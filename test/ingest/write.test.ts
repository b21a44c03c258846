import { expect, it } from 'vitest'
import { RevectorError } from '../../src/core/errors.ts'
import { type WriteOptions, writeDocuments } from '../../src/ingest/write.ts'
import { removeModel } from '../../src/models/registry.ts'
import { chunksOfDocument } from '../../src/store/chunks.ts'
import { countVectors } from '../../src/store/coverage.ts'
import type { EmbedDeps } from '../../src/store/deps.ts'
import { deleteDocuments } from '../../src/store/documents.ts'
import { setModelState } from '../../src/store/models.ts'
import { idOf, testCorpus, wrongVectors } from '../support/corpus-deps.ts'
import { describeEngines } from '../support/engines.ts'
import { lines } from '../support/paragraphs.ts'

describeEngines('writing documents', (engine) => {
  it('adds, then leaves unchanged ones alone, then replaces only what changed', async () => {
    const corpus = await testCorpus(await engine.connect())
    const added = await write(corpus, [lines('a.md', ['one', 'two', 'three'])])
    expect(added.documents).toMatchObject([{ outcome: 'added', chunks: 3 }])
    expect(corpus.models.texts.get('first')).toEqual(['one', 'two', 'three'])

    const id = idOf(added.documents[0])
    const before = await chunksOfDocument(corpus.db, corpus.layout, id)
    const again = await write(corpus, [lines('a.md', ['one', 'two', 'three'])])
    expect(again.documents).toEqual([{ id, outcome: 'unchanged', chunks: 3 }])

    const changed = await write(corpus, [lines('a.md', ['zero', 'one', 'three'])])
    expect(changed.documents).toEqual([{ id, outcome: 'changed', chunks: 3 }])
    expect(corpus.models.texts.get('first')).toEqual(['one', 'two', 'three', 'zero'])
    const after = await chunksOfDocument(corpus.db, corpus.layout, id)
    expect(after.map((chunk) => chunk.content)).toEqual(['zero', 'one', 'three'])
    expect(after.map((chunk) => chunk.position)).toEqual([0, 1, 2])
    expect(after.map((chunk) => chunk.startOffset)).toEqual([0, 5, 9])
    const rowOf = (rows: typeof before, content: string) => rows.find((row) => row.content === content)?.id
    expect(rowOf(after, 'one')).toBe(rowOf(before, 'one'))
    expect(rowOf(after, 'three')).toBe(rowOf(before, 'three'))
    expect(await countVectors(corpus.db, corpus.layout, corpus.first)).toMatchObject({
      chunks: 3,
      vectors: 3,
    })
  })

  it('keeps the rows of a document that takes many statements, whatever repeats in it', async () => {
    const corpus = await testCorpus(await engine.connect())
    const texts = Array.from({ length: 5_200 }, (_, i) => `text ${i % 3_000}`)
    const added = await write(corpus, [lines('a.md', texts)])
    expect(added.documents).toMatchObject([{ outcome: 'added', chunks: texts.length }])
    const id = idOf(added.documents[0])
    const before = await chunksOfDocument(corpus.db, corpus.layout, id)
    expect(before.map((chunk) => chunk.content)).toEqual(texts)

    const moved = ['first', ...texts.slice(1)]
    await write(corpus, [lines('a.md', moved)])
    const after = await chunksOfDocument(corpus.db, corpus.layout, id)
    expect(after.map((chunk) => chunk.content)).toEqual(moved)
    // The text that went was there twice: the row of its first place stays, for its second.
    const kept = before.map((chunk) => chunk.id)
    kept[3_000] = kept[0] ?? ''
    expect(after.slice(1).map((chunk) => chunk.id)).toEqual(kept.slice(1))
    expect(await countVectors(corpus.db, corpus.layout, corpus.first)).toMatchObject({
      chunks: texts.length,
      vectors: texts.length,
    })
  })

  it('tells how far it is with embedding, from before the model is loaded', async () => {
    const corpus = await testCorpus(await engine.connect())
    const told: string[] = []
    await write(corpus, [lines('a.md', ['one', 'two']), lines('b.md', ['two', 'three'])], {
      onProgress: (event) => {
        if (event.type !== 'ingest.embedding') return
        told.push(`${event.model}: ${event.doneTexts} of ${event.totalTexts}`)
      },
    })
    expect(told).toEqual(['first: 0 of 3', 'first: 3 of 3'])
  })

  it('cuts a document anew that lacks vectors, when the splitting has changed', async () => {
    const corpus = await testCorpus(await engine.connect())
    const document = lines('a.md', ['one', 'two', 'three'])
    const { documents } = await write(corpus, [document])
    await setModelState(corpus.db, corpus.second.id, 'standby')
    const anew = { ...lines('a.md', ['one', 'two three']), contentHash: document.contentHash }
    const rewritten = await write(corpus, [anew])
    expect(rewritten.documents).toMatchObject([{ outcome: 'changed', chunks: 2 }])
    const chunks = await chunksOfDocument(corpus.db, corpus.layout, idOf(documents[0]))
    expect(chunks.map((chunk) => chunk.content)).toEqual(['one', 'two three'])
    for (const model of [corpus.first, corpus.second]) {
      expect(await countVectors(corpus.db, corpus.layout, model)).toMatchObject({ chunks: 2, vectors: 2 })
    }
  })

  it('writes a new title without embedding anything', async () => {
    const corpus = await testCorpus(await engine.connect())
    await write(corpus, [lines('a.md', ['one'])])
    const renamed = await write(corpus, [lines('a.md', ['one'], 'Another title')])
    expect(renamed.documents).toMatchObject([{ outcome: 'changed' }])
    expect(corpus.models.texts.get('first')).toEqual(['one'])
  })

  it('pays once for one text, in a batch and across documents, and when its first place is replaced', async () => {
    const corpus = await testCorpus(await engine.connect())
    await write(corpus, [lines('a.md', ['same', 'same', 'a']), lines('b.md', ['same', 'b'])])
    expect(corpus.models.texts.get('first')).toEqual(['same', 'a', 'b'])
    // 'a' leaves a.md in the very transaction in which it comes to c.md.
    await write(corpus, [lines('a.md', ['new']), lines('c.md', ['a', 'same'])])
    expect(corpus.models.texts.get('first')).toEqual(['same', 'a', 'b', 'new'])
    expect(await countVectors(corpus.db, corpus.layout, corpus.first)).toMatchObject({
      chunks: 5,
      vectors: 5,
    })
    expect(await wrongVectors(corpus, corpus.first)).toEqual([])
  })

  it('embeds with every written model, and with the named one alone', async () => {
    const corpus = await testCorpus(await engine.connect())
    await setModelState(corpus.db, corpus.second.id, 'standby')
    await write(corpus, [lines('a.md', ['one', 'two'])])
    await write(corpus, [lines('b.md', ['three'])], { modelName: 'second' })
    expect(corpus.models.texts.get('first')).toEqual(['one', 'two'])
    expect(corpus.models.texts.get('second')).toEqual(['one', 'two', 'three'])
    // Given again without a name, the document gets what the current model was owed.
    const paid = await write(corpus, [lines('b.md', ['three'])])
    expect(paid.documents).toMatchObject([{ outcome: 'unchanged' }])
    expect(corpus.models.texts.get('first')).toEqual(['one', 'two', 'three'])
  })

  it('records as pending what another than the current model fails to embed, and asks it once a run', async () => {
    const corpus = await testCorpus(await engine.connect())
    await setModelState(corpus.db, corpus.second.id, 'filling')
    let asked = 0
    corpus.models.before = async (model) => {
      if (model.modelName !== 'second') return
      asked += 1
      throw new RevectorError('PROVIDER_UNAVAILABLE', 'The second model is down.')
    }
    const failing = new Set<number>()
    const warnings: string[] = []
    const options: Partial<WriteOptions> = {
      failing,
      onProgress: (event) => event.type === 'warning' && warnings.push(event.message),
    }
    await write(corpus, [lines('a.md', ['one'])], options)
    await write(corpus, [lines('b.md', ['two'])], options)
    expect(asked).toBe(1)
    expect(warnings).toEqual([expect.stringContaining('The second model is down.')])
    expect(await countVectors(corpus.db, corpus.layout, corpus.first)).toMatchObject({
      chunks: 2,
      vectors: 2,
    })
    expect(await countVectors(corpus.db, corpus.layout, corpus.second)).toMatchObject({
      chunks: 2,
      vectors: 0,
    })
  })

  it('writes nothing at all when the current model fails', async () => {
    const corpus = await testCorpus(await engine.connect())
    await write(corpus, [lines('a.md', ['one'])])
    corpus.models.before = async () => {
      throw new RevectorError('PROVIDER_UNAVAILABLE', 'Down.')
    }
    await expect(write(corpus, [lines('a.md', ['two']), lines('b.md', ['three'])])).rejects.toMatchObject({
      code: 'PROVIDER_UNAVAILABLE',
    })
    const { rows } = await corpus.db.query(everyChunk)
    expect(rows).toEqual([{ content: 'one' }])
  })

  it('writes the others of a batch when one text cannot be embedded, and pays for none twice', async () => {
    const corpus = await testCorpus(await engine.connect())
    corpus.models.poison.add('poison')
    const { documents } = await write(corpus, [
      lines('a.md', ['one']),
      lines('b.md', ['two', 'poison']),
      lines('c.md', ['three']),
    ])
    expect(documents).toMatchObject([
      { outcome: 'added' },
      { outcome: 'failed', error: { code: 'PROVIDER_REFUSED' } },
      { outcome: 'added' },
    ])
    expect(corpus.models.texts.get('first')).toEqual(['one', 'two', 'poison', 'three'])
    const { rows } = await corpus.db.query(everyChunk)
    expect(rows).toEqual([{ content: 'one' }, { content: 'three' }])
  })

  it('reaches a model that became written while the provider was being asked', async () => {
    const corpus = await testCorpus(await engine.connect())
    corpus.models.before = async (model) => {
      if (model.modelName === 'first') await setModelState(corpus.db, corpus.second.id, 'filling')
    }
    await write(corpus, [lines('a.md', ['one'])])
    // The write was computed anew, but what the first model had made was kept.
    expect(corpus.models.texts.get('first')).toEqual(['one'])
    expect(await countVectors(corpus.db, corpus.layout, corpus.second)).toMatchObject({
      chunks: 1,
      vectors: 1,
    })
  })

  it('leaves out a model that was removed while the provider was being asked', async () => {
    const corpus = await testCorpus(await engine.connect())
    await setModelState(corpus.db, corpus.second.id, 'standby')
    corpus.models.before = async (model) => {
      if (model.modelName === 'second') await removeModel(corpus, 'second')
    }
    const { documents } = await write(corpus, [lines('a.md', ['one'])])
    expect(documents).toMatchObject([{ outcome: 'added' }])
  })

  it('computes a document anew when somebody else wrote or deleted it meanwhile', async () => {
    const corpus = await testCorpus(await engine.connect())
    const first = await write(corpus, [lines('a.md', ['one'])])
    const rivals = [
      () => write(corpus, [lines('a.md', ['rival'])]),
      () => corpus.db.transaction((tx) => deleteDocuments(tx, corpus.layout, [idOf(first.documents[0])])),
    ]
    corpus.models.before = async () => {
      await rivals.shift()?.()
    }
    await write(corpus, [lines('a.md', ['mine', 'one'])])
    const { rows } = await corpus.db.query(everyChunk)
    expect(rows).toEqual([{ content: 'mine' }, { content: 'one' }])
    expect(await countVectors(corpus.db, corpus.layout, corpus.first)).toMatchObject({
      chunks: 2,
      vectors: 2,
    })
    expect(await wrongVectors(corpus, corpus.first)).toEqual([])
  })
})

import { sql } from '../../src/postgres/sql.ts'

const everyChunk = sql`select content from chunks order by document_id, position`

function write(
  deps: EmbedDeps,
  documents: Parameters<typeof writeDocuments>[1],
  options: Partial<WriteOptions> = {},
) {
  return writeDocuments(deps, documents, { failing: new Set(), ...options })
}
