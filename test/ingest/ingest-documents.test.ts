import { expect, it } from 'vitest'
import { RevectorError } from '../../src/core/errors.ts'
import {
  type DocumentResult,
  type IngestDocuments,
  ingestDocuments,
  type TextDocument,
} from '../../src/ingest/ingest-documents.ts'
import { openParser } from '../../src/ingest/open-parser.ts'
import { sql } from '../../src/postgres/sql.ts'
import { countVectors } from '../../src/store/coverage.ts'
import { setModelState } from '../../src/store/models.ts'
import { type TestCorpus, testCorpus, wrongVectors } from '../support/corpus-deps.ts'
import { describeEngines } from '../support/engines.ts'

const note = (n: number, content = `note ${n} of the corpus`): TextDocument => ({
  title: `Note ${n}`,
  source: `note:${n}`,
  content,
})

describeEngines('documents of an iterable', (engine) => {
  it('are stored with vectors, a batch at a time, and each is reported', async () => {
    const corpus = await testCorpus(await engine.connect())
    const { report, results } = await ingest(
      corpus,
      Array.from({ length: 30 }, (_, n) => note(n)),
      { metadata: { lang: 'en' } },
    )
    expect(report).toMatchObject({ documents: 30, chunks: 30, unchanged: 0, failed: [], pending: {} })
    expect(results.map(({ index, source, outcome }) => [index, source, outcome])).toEqual(
      Array.from({ length: 30 }, (_, n) => [n, `note:${n}`, 'added']),
    )
    const { rows } = await corpus.db.query<{ id: string; source: string; metadata: unknown; xmin: string }>(
      sql`select id::text as id, source, metadata, xmin::text as xmin from documents d order by d.id`,
    )
    expect(rows.map(({ id }) => id)).toEqual(results.map((result) => 'id' in result && result.id))
    expect(rows[29]).toMatchObject({ source: 'note:29', metadata: { lang: 'en' } })
    // A batch of 8, so that something can be found soon, and one of all others.
    expect(new Set(rows.map(({ xmin }) => xmin)).size).toBe(2)
    expect(await wrongVectors(corpus, corpus.first)).toEqual([])
  })

  it('are skipped when they have not changed, replaced when they have, by their source', async () => {
    const corpus = await testCorpus(await engine.connect())
    await ingest(corpus, [note(1), note(2)])
    const asked = corpus.models.texts.get('first')?.length
    const { report, results } = await ingest(corpus, [note(1), note(2, 'another text'), note(3)])
    expect(results.map(({ outcome }) => outcome)).toEqual(['unchanged', 'changed', 'added'])
    expect(report).toMatchObject({ documents: 2, unchanged: 1 })
    expect(corpus.models.texts.get('first')?.slice(asked)).toEqual(['another text', 'note 3 of the corpus'])
  })

  it('fail each for itself, with a code', async () => {
    const corpus = await testCorpus(await engine.connect())
    corpus.models.poison.add('poison')
    const wrong: Record<string, unknown> = { ...note(4), metadata: 'none' }
    const loop: Record<string, unknown> = {}
    loop['self'] = loop
    const given: unknown[] = [
      note(0),
      { ...note(1), title: ' ' },
      { ...note(2), content: 7 },
      note(3, 'poison'),
      wrong,
      { ...note(5), source: '' },
      null,
      note(7, '\n\n'),
      { ...note(8), metadata: loop },
      note(9),
    ]
    // What a program in JavaScript may pass.
    const { report, results } = await ingest(corpus, given as TextDocument[])
    const codes = results
      .map(
        (result) => [result.index, result.outcome === 'failed' ? result.error.code : result.outcome] as const,
      )
      .sort(([a], [b]) => a - b)
    expect(codes).toEqual([
      [0, 'added'],
      [1, 'INVALID_INPUT'],
      [2, 'INVALID_INPUT'],
      [3, 'PROVIDER_REFUSED'],
      [4, 'INVALID_INPUT'],
      [5, 'INVALID_INPUT'],
      [6, 'INVALID_INPUT'],
      [7, 'INVALID_INPUT'],
      [8, 'INVALID_INPUT'],
      [9, 'added'],
    ])
    expect(report).toMatchObject({ documents: 2 })
    expect(report.failed).toHaveLength(8)
    expect(report.failed.find(({ path }) => path === 'note:3')?.code).toBe('PROVIDER_REFUSED')
    expect(report.failed.map(({ message }) => message)).toContain(
      "A document's metadata is invalid: expected an object that can be written as JSON.",
    )
  })

  it('keep what was stored when the provider or the iterable fails, and go on from there', async () => {
    const corpus = await testCorpus(await engine.connect())
    const all = Array.from({ length: 20 }, (_, n) => note(n))
    async function* failing() {
      for (const document of all) {
        if (document === all[12]) throw new RangeError('The cursor is gone.')
        yield document
      }
    }
    await expect(ingest(corpus, failing())).rejects.toThrow('The cursor is gone.')
    expect(await countVectors(corpus.db, corpus.layout, corpus.first)).toMatchObject({ vectors: 8 })

    corpus.models.before = async () => {
      throw new RevectorError('PROVIDER_UNAVAILABLE', 'The provider is down.')
    }
    await expect(ingest(corpus, all)).rejects.toMatchObject({ code: 'PROVIDER_UNAVAILABLE' })
    corpus.models.before = async () => {}
    const { report } = await ingest(corpus, all)
    expect(report).toMatchObject({ documents: 12, unchanged: 8 })
    expect(await wrongVectors(corpus, corpus.first)).toEqual([])
  })

  it('are asked for only as they are written, and the iterable is ended', async () => {
    const corpus = await testCorpus(await engine.connect())
    let taken = 0
    let ended = false
    let stored = 0
    let most = 0
    function* endless() {
      try {
        for (;;) yield note(taken++)
      } finally {
        ended = true
      }
    }
    const stop = new AbortController()
    const call = ingest(corpus, endless(), {
      signal: stop.signal,
      onDocument: () => {
        stored += 1
        most = Math.max(most, taken - stored)
        if (stored === 600) stop.abort()
      },
    })
    await expect(call).rejects.toMatchObject({ code: 'INTERRUPTED' })
    expect(ended).toBe(true)
    // A batch that is being written, one that waits for it, and what is read ahead.
    expect(most).toBeLessThanOrEqual(256 + 256 + 8)
    expect(stored).toBeLessThan(1_200)
  })

  it('end with what `onDocument` throws, which is no failure of the document', async () => {
    const corpus = await testCorpus(await engine.connect())
    let told = 0
    const call = ingest(corpus, [note(1), note(2)], {
      onDocument: () => {
        told += 1
        throw new RevectorError('NOT_FOUND', 'No place to note it.')
      },
    })
    await expect(call).rejects.toMatchObject({ code: 'NOT_FOUND' })
    expect(told).toBe(1)
    expect((await ingest(corpus, [note(1), note(2)])).report).toMatchObject({ unchanged: 2 })
  })

  it('reach every written model, or the named one alone', async () => {
    const corpus = await testCorpus(await engine.connect())
    await setModelState(corpus.db, corpus.second.id, 'standby')
    expect((await ingest(corpus, [note(1)])).report.models).toEqual(['first', 'second'])
    const named = await ingest(corpus, [note(2)], { model: 'second' })
    expect(named.report).toMatchObject({ models: ['second'], pending: { first: 1 } })
    await expect(ingest(corpus, [note(3)], { model: 'frist' })).rejects.toMatchObject({
      code: 'MODEL_UNKNOWN',
    })
  })
})

async function ingest(
  corpus: TestCorpus,
  documents: Iterable<TextDocument> | AsyncIterable<TextDocument>,
  options: IngestDocuments = {},
) {
  const results: DocumentResult[] = []
  const parser = openParser()
  try {
    const report = await ingestDocuments({ ...corpus, parser }, documents, {
      onDocument: (result) => void results.push(result),
      ...options,
    })
    return { report, results }
  } finally {
    await parser.close()
  }
}
