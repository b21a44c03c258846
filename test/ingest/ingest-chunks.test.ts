import { expect, it } from 'vitest'
import { RevectorError } from '../../src/core/errors.ts'
import { type DocumentResult, type IngestDocuments, ingestChunks } from '../../src/ingest/ingest-documents.ts'
import type { ChunkedDocument, GivenChunk } from '../../src/ingest/prepare-chunks.ts'
import { addModel } from '../../src/models/registry.ts'
import { chunksOfDocument } from '../../src/store/chunks.ts'
import { countVectors } from '../../src/store/coverage.ts'
import { readVectors } from '../../src/store/embeddings.ts'
import { setModelState } from '../../src/store/models.ts'
import { type TestCorpus, testCorpus } from '../support/corpus-deps.ts'
import { describeEngines } from '../support/engines.ts'
import { space } from '../support/models.ts'

const text = (...contents: readonly string[]): GivenChunk[] => contents.map((content) => ({ content }))
const axis = (dimension: number, at: number, length = 1): Float32Array =>
  Float32Array.from({ length: dimension }, (_, i) => (i === at ? length : 0))

describeEngines('texts that are already cut', (engine) => {
  it('are stored as they are, with page and headings, in a document of their own', async () => {
    const corpus = await testCorpus(await engine.connect())
    const { results } = await ingest(corpus, [
      {
        title: 'Cut',
        source: 'cut',
        metadata: { by: 'us' },
        chunks: [
          { content: '  indented  ', page: 3, headingPath: ['Top', 'Below'] },
          { content: 'a\0b \ud800', headingPath: [] },
        ],
      },
    ])
    const [result] = results
    expect(result).toMatchObject({ outcome: 'added', chunks: 2 })
    const chunks = await chunksOfDocument(corpus.db, corpus.layout, idOf(result))
    expect(chunks).toMatchObject([
      { content: '  indented  ', page: 3, headingPath: ['Top', 'Below'], startOffset: 0, endOffset: 12 },
      { content: 'ab \ufffd', page: null, headingPath: [], startOffset: 14, endOffset: 18 },
    ])
    expect(corpus.models.texts.get('first')).toEqual(['  indented  ', 'ab \ufffd'])
  })

  it('keep rows and vectors of what stayed, also when the same text is cut otherwise', async () => {
    const corpus = await testCorpus(await engine.connect())
    const cut = (...contents: readonly string[]): ChunkedDocument[] => [
      { title: 'Cut', source: 'cut', chunks: text(...contents) },
    ]
    expect((await ingest(corpus, cut('one', 'two', 'three'))).results[0]?.outcome).toBe('added')
    expect((await ingest(corpus, cut('one', 'two', 'three'))).results[0]?.outcome).toBe('unchanged')
    expect((await ingest(corpus, cut('one', 'two\n\nthree'))).results[0]?.outcome).toBe('changed')
    expect(corpus.models.texts.get('first')).toEqual(['one', 'two', 'three', 'two\n\nthree'])
  })

  it('bring vectors, of length 1 where the model has such, and are embedded for the other written models', async () => {
    const corpus = await testCorpus(await engine.connect())
    await setModelState(corpus.db, corpus.second.id, 'standby')
    const { results, report } = await ingest(corpus, [
      {
        title: 'Given',
        chunks: [
          { content: 'one', vectors: { first: axis(16, 3, 5) } },
          { content: 'two', vectors: { first: [...axis(16, 4)] } },
          { content: 'three' },
        ],
      },
    ])
    expect(report).toMatchObject({ models: ['first', 'second'], pending: {} })
    expect(corpus.models.texts.get('first')).toEqual(['three'])
    expect(corpus.models.texts.get('second')).toEqual(['one', 'two', 'three'])
    const chunks = await chunksOfDocument(corpus.db, corpus.layout, idOf(results[0]))
    const ids = chunks.map(({ id }) => id)
    const stored = await readVectors(corpus.db, corpus.layout, corpus.first, ids)
    expect(stored.get(ids[0] ?? '')).toEqual(axis(16, 3))
    expect(stored.get(ids[1] ?? '')).toEqual(axis(16, 4))
  })

  it('bring vectors of a model that is only registered, later too', async () => {
    const corpus = await testCorpus(await engine.connect())
    const third = await addModel(corpus, space('third', 8))
    const cut = { title: 'Given', source: 'given', chunks: text('one', 'two') }
    await ingest(corpus, [cut])
    const withThird = cut.chunks.map((chunk, i) => ({ ...chunk, vectors: { third: axis(8, i) } }))
    const { results } = await ingest(corpus, [
      { ...cut, chunks: withThird },
      { title: 'Not', chunks: text('three') },
    ])
    expect(results.map(({ outcome }) => outcome)).toEqual(['unchanged', 'added'])
    expect(await countVectors(corpus.db, corpus.layout, third)).toMatchObject({ chunks: 3, vectors: 2 })
    expect(corpus.models.texts.get('third')).toBeUndefined()
    expect(await countVectors(corpus.db, corpus.layout, corpus.first)).toMatchObject({ vectors: 3 })
  })

  it('are stored where the provider of an optional model is down, which keeps what it was given', async () => {
    const corpus = await testCorpus(await engine.connect())
    await setModelState(corpus.db, corpus.second.id, 'filling')
    corpus.models.before = async (model) => {
      if (model.modelName === 'second') throw new RevectorError('PROVIDER_UNAVAILABLE', 'down')
    }
    const given = (n: number): GivenChunk => ({ content: `given ${n}`, vectors: { second: axis(24, n) } })
    const documents = [0, 1, 2].map((n) => ({ title: `${n}`, chunks: [given(n), { content: `made ${n}` }] }))
    const { report } = await ingest(corpus, documents)
    expect(report).toMatchObject({ documents: 3, models: ['first'], pending: { second: 3 } })
    expect(await countVectors(corpus.db, corpus.layout, corpus.second)).toMatchObject({ vectors: 3 })
  })

  it('fail each for itself when a vector is wrong, and at once when no model has its name', async () => {
    const corpus = await testCorpus(await engine.connect())
    const of = (vector: unknown): ChunkedDocument => ({
      title: 'One',
      // What a program in JavaScript may pass.
      chunks: [{ content: 'one', vectors: { first: vector as number[] } }],
    })
    const hole = axis(16, 1)
    hole[3] = Number.NaN
    const { results } = await ingest(corpus, [
      of(axis(15, 0)),
      of(axis(16, 0, 0)),
      of(hole),
      of([...axis(16, 0, 1e39).subarray(1), 1e39]),
      of('0.1'),
      of(axis(16, 0)),
      { title: 'None', chunks: [] },
      { title: 'Blank', chunks: text('one', ' ') },
      { title: 'Page', chunks: [{ content: 'one', page: 0 }] },
    ])
    const said = results.map((result) =>
      result.outcome === 'failed' ? `${result.error.code}: ${result.error.message}` : result.outcome,
    )
    expect(said.sort()).toEqual(
      [
        'DOCUMENT_EMPTY: None has no chunks.',
        'EMBEDDING_DIMENSION_MISMATCH: Embedding dimension mismatch: "first" has 16, the vector of chunk 0 of One has 15.',
        'INVALID_INPUT: The vector of chunk 0 of One cannot be stored. The vector is all zeros, so it has no direction to search by.',
        'INVALID_INPUT: The vector of chunk 0 of One cannot be stored. The vector contains a number that is not finite.',
        'INVALID_INPUT: The vector of chunk 0 of One cannot be stored. The vector contains a number that is not finite.',
        'INVALID_INPUT: The vector of chunk 0 of One is not a list of numbers.',
        "INVALID_INPUT: A document's chunks[0].page is invalid: expected a whole number from 1, got number.",
        "INVALID_INPUT: A document's chunks[1].content is invalid: expected a text, got an empty text.",
        'added',
      ].sort(),
    )
    const unknown = [{ title: 'One', chunks: [{ content: 'one', vectors: { frist: axis(16, 0) } }] }]
    await expect(ingest(corpus, unknown)).rejects.toMatchObject({ code: 'MODEL_UNKNOWN' })
  })
})

async function ingest(
  corpus: TestCorpus,
  documents: readonly ChunkedDocument[],
  options: IngestDocuments = {},
) {
  const results: DocumentResult[] = []
  const report = await ingestChunks(corpus, documents, {
    onDocument: (result) => void results.push(result),
    ...options,
  })
  return { report, results }
}

function idOf(result: DocumentResult | undefined): string {
  if (result === undefined || result.outcome === 'failed') throw new Error('The document was not written')
  return result.id
}
