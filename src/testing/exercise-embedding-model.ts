import assert from 'node:assert/strict'
import { isRevectorError } from '../core/errors.ts'
import type { EmbeddingModel } from '../embedding/contract.ts'

/** What a test framework has to bring: vitest, node:test, mocha and jest all do. */
export interface SuiteRunner {
  describe(name: string, body: () => void): void
  it(name: string, body: () => Promise<void>): void
}

export interface EmbeddingSuiteOptions {
  /**
   * Largest difference of one number between two embeddings of the same text: models that pad texts in a batch,
   * or run on many threads, differ in the last digits. Default 1e-4.
   */
  readonly tolerance?: number
  /** Words of the long text: enough to pass the model's input limit. Default 1,200. */
  readonly longTextWords?: number
}

/**
 * What Revector relies on in an embedding model, as a suite of tests. `open` gives a new model each time; every
 * test closes its own.
 *
 *     import { describe, it } from 'vitest'
 *     exerciseEmbeddingModel(() => openMyModel(), { describe, it })
 */
export function exerciseEmbeddingModel(
  open: () => Promise<EmbeddingModel>,
  { describe, it }: SuiteRunner,
  { tolerance = 1e-4, longTextWords = 1_200 }: EmbeddingSuiteOptions = {},
): void {
  function test(name: string, body: (model: EmbeddingModel) => Promise<void>): void {
    it(name, async () => {
      const model = await open()
      try {
        await body(model)
      } finally {
        await model.close()
      }
    })
  }
  const documents = { kind: 'document' } as const

  describe('embedding model', () => {
    test('gives one vector of its width for each text, finite and with a direction', async (model) => {
      for (const kind of ['document', 'query'] as const) {
        const { vectors, tokens } = await model.embed(manyTexts(5), { kind })
        assert.equal(vectors.length, 5)
        for (const vector of vectors) assertGood(model, vector)
        assert.ok(tokens > 0, 'tokens are counted')
      }
    })

    test('keeps the order of more texts than fit one batch', async (model) => {
      const texts = manyTexts(150)
      const together = await model.embed(texts, documents)
      for (const place of [0, 1, 74, 148, 149]) {
        const alone = await model.embed([texts[place] ?? ''], documents)
        assertSame(alone.vectors[0], together.vectors[place], tolerance)
      }
      const [first, second] = together.vectors
      assert.ok(difference(first, second) > tolerance, 'different texts have different vectors')
    })

    test('gives the same vector for the same text', async (model) => {
      const text = 'Bees navigate by the polarisation of the light.'
      const once = await model.embed([text], documents)
      const again = await model.embed([text, text], documents)
      for (const vector of again.vectors) assertSame(vector, once.vectors[0], tolerance)
    })

    test('takes no texts', async (model) => {
      assert.deepEqual(await model.embed([], documents), { vectors: [], tokens: 0 })
    })

    test('refuses an empty text by its place, and only that text', async (model) => {
      const texts = ['before', ' \n\t', 'after']
      await assert.rejects(
        model.embed(texts, documents),
        (error) => isRevectorError(error, 'INVALID_INPUT') && error.data['index'] === 1,
      )
      const { outcomes } = await model.embedEach(texts, documents)
      assert.equal(outcomes.length, 3)
      assert.ok(isRevectorError(outcomes[1]?.error, 'INVALID_INPUT'))
      for (const place of [0, 2]) assertGood(model, outcomes[place]?.vector)
    })

    test('takes any characters', async (model) => {
      const texts = [
        '🙂',
        '…',
        'Straße, naïve, Ελλάδα',
        '東京都に住んでいます',
        'a\nb\r\n\tc',
        '<|endoftext|>',
        '\u200b.',
      ]
      const { vectors } = await model.embed(texts, documents)
      for (const vector of vectors) assertGood(model, vector)
    })

    test('reads a long text to its end', async (model) => {
      const start = longText(longTextWords)
      const { vectors } = await model.embed(
        [start, `${start} ${'Volcanoes erupt when magma rises. '.repeat(Math.ceil(longTextWords / 12))}`],
        documents,
      )
      for (const vector of vectors) assertGood(model, vector)
      assert.ok(difference(vectors[0], vectors[1]) > tolerance, 'the end of a long text counts')
    })

    test('takes one word without an end', async (model) => {
      const { vectors } = await model.embed(['x'.repeat(4_000)], documents)
      assertGood(model, vectors[0])
    })

    test('answers calls side by side', async (model) => {
      const texts = manyTexts(12)
      const calls = texts.map((text) => model.embed([text], documents))
      const together = await model.embed(texts, documents)
      for (const [place, call] of calls.entries()) {
        assertSame((await call).vectors[0], together.vectors[place], tolerance)
      }
    })

    test('does not start when already interrupted', async (model) => {
      await assert.rejects(
        model.embed(manyTexts(2), { ...documents, signal: AbortSignal.abort() }),
        (error) => isRevectorError(error, 'INTERRUPTED'),
      )
    })

    test('stops when interrupted, and goes on working', async (model) => {
      const controller = new AbortController()
      const call = model.embed(manyTexts(2_000), { ...documents, signal: controller.signal })
      controller.abort()
      await assert.rejects(call, (error) => isRevectorError(error, 'INTERRUPTED'))
      const { vectors } = await model.embed(['still here'], documents)
      assertGood(model, vectors[0])
    })

    test('refuses work once closed, and may be closed twice', async (model) => {
      await model.close()
      await assert.rejects(model.embed(['late'], documents), (error) => isRevectorError(error))
    })
  })
}

function assertGood(model: EmbeddingModel, vector: Float32Array | undefined): void {
  assert.ok(vector instanceof Float32Array, 'a vector is a Float32Array')
  assert.equal(vector.length, model.spec.dimension)
  let squares = 0
  for (const value of vector) squares += value * value
  assert.ok(Number.isFinite(squares), 'every number is finite')
  assert.ok(squares > 0, 'not all numbers are 0')
  if (model.spec.normalize) assert.ok(Math.abs(squares - 1) < 1e-4, `length 1, not ${Math.sqrt(squares)}`)
}

function assertSame(a: Float32Array | undefined, b: Float32Array | undefined, tolerance: number): void {
  const largest = difference(a, b)
  assert.ok(largest <= tolerance, `the vectors differ by ${largest}`)
}

function difference(a: Float32Array | undefined, b: Float32Array | undefined): number {
  assert.ok(a !== undefined && b !== undefined && a.length === b.length)
  return a.reduce((largest, value, at) => Math.max(largest, Math.abs(value - (b[at] ?? 0))), 0)
}

const subjects = [
  'A river',
  'The committee',
  'An old engine',
  'Every sparrow',
  'His sister',
  'The harvest',
] as const
const actions = ['crosses', 'remembers', 'repairs', 'avoids', 'measures', 'paints', 'sells'] as const
const objects = [
  'the valley',
  'a promise',
  'three bridges',
  'its own shadow',
  'the winter',
  'a long letter',
] as const

/** Sentences of which no two are the same. */
function manyTexts(count: number): string[] {
  return Array.from(
    { length: count },
    (_, n) => `${pick(subjects, n)} ${pick(actions, n)} ${pick(objects, n)} ${n}.`,
  )
}

function longText(words: number): string {
  return manyTexts(Math.ceil(words / 6)).join(' ')
}

function pick(from: readonly string[], n: number): string {
  return from[n % from.length] ?? ''
}
