import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { openPool } from '../../src/embedding/bundled/pool.ts'
import { loadTokenizer } from '../../src/embedding/bundled/tokenizer.ts'
import { maxTokens, width } from '../../src/embedding/bundled/weights.ts'
import { specFor } from '../../src/embedding/catalogue.ts'
import { openEmbeddingModel } from '../../src/embedding/open.ts'
import { exerciseEmbeddingModel } from '../../src/testing/exercise-embedding-model.ts'
import lengthVectors from './bundled-vectors.json' with { type: 'json' }

const spec = specFor('universal-sentence-encoder-lite')
const environment = { keys: {}, localModelPath: null, cacheDir: '' }

describe('universal-sentence-encoder-lite', () => {
  // Not one bit depends on what else is in a batch, or on the thread.
  exerciseEmbeddingModel(() => openEmbeddingModel(spec, environment), { describe, it }, { tolerance: 0 })
})

/*
 * Places 0, 1, 2, 100, 255, 256, 400, 510 and 511 of what the weights' own library makes of these texts. Made once,
 * outside this repository, with @energetic-ai/embeddings 0.2.0 and @energetic-ai/core 0.2.0 on Node 20:
 *   const model = await initModel(modelSource)
 *   const [vector] = await model.embed([text])
 *   [0, 1, 2, 100, 255, 256, 400, 510, 511].map((at) => vector[at].toFixed(7))
 */
const places = [0, 1, 2, 100, 255, 256, 400, 510, 511]
const reference: [string, number[]][] = [
  [
    'How do bees find their way home?',
    [0.0513436, -0.0001624, 0.0231845, 0.0541352, -0.027244, 0.0274726, -0.0488017, -0.0475499, 0.0148207],
  ],
  [
    'Paris',
    [-0.0490588, -0.0237798, 0.0483519, -0.0490599, 0.0139083, -0.0490581, -0.0489826, 0.0490553, -0.0489385],
  ],
  [
    'The committee postponed its decision about the bridge until the engineers, who had been asked twice, ' +
      'delivered their second report.',
    [-0.0341509, 0.0258867, 0.0379138, 0.0496955, 0.0141388, -0.0487635, -0.0347351, -0.0566103, -0.0175914],
  ],
  [
    'naïve café – 50 % off! 東京',
    [0.0509806, 0.0528847, -0.018355, -0.0594668, 0.0602161, -0.0211676, -0.0323347, -0.0566507, 0.0368257],
  ],
]

describe('the bundled encoder', () => {
  it("gives the numbers of the weights' own library", async () => {
    const model = await openEmbeddingModel(spec, environment)
    const { vectors } = await model.embed(
      reference.map(([text]) => text),
      { kind: 'document' },
    )
    await model.close()
    for (const [at, [, expected]] of reference.entries()) {
      for (const [n, place] of places.entries()) {
        expect(Math.abs((vectors[at]?.[place] ?? 0) - (expected[n] ?? 0))).toBeLessThan(1e-5)
      }
    }
  })

  /*
   * Every 16th number of what onnxruntime-node 1.30 made of the same weights, for the first tokens of one text: this
   * package could run the model with it until decision 10.
   */
  it('gives the numbers of onnxruntime for texts of every length in one batch', async () => {
    const texts = await textsOfLengths(Object.keys(lengthVectors).map(Number))
    const pool = await openPool(1)
    const vectors = await pool.embed(texts, false)
    await pool.close()
    for (const [text, expected] of Object.values(lengthVectors).entries()) {
      for (const [at, value] of expected.entries()) {
        expect(Math.abs(value - (vectors[text]?.[at * 16] ?? Number.NaN))).toBeLessThan(1e-5)
      }
    }
  })

  it('gives the same bits by any number of threads, alone and among others', async () => {
    const texts = await textsOfLengths([128, 1, 64, 5, 31, 127, 2, 96, 17, 40, 3, 80])
    const vectorsBy = async (threads: number, batches: number[][][]) => {
      const pool = await openPool(threads)
      const vectors = await Promise.all(batches.map((batch, at) => pool.embed(batch, at % 2 === 0)))
      await pool.close()
      return vectors.flat()
    }
    const together = await vectorsBy(1, [texts])
    expect(together.map((vector) => vector.length)).toEqual(texts.map(() => width))
    expect(await vectorsBy(3, [texts])).toEqual(together)
    const alone = texts.map((text) => [text])
    expect(await vectorsBy(2, alone)).toEqual(together)
  })

  it('refuses what waits when it is closed, and ends its threads', async () => {
    const pool = await openPool(2)
    const texts = await textsOfLengths(Array.from({ length: 40 }, () => 128))
    const refused = expect(pool.embed(texts, false)).rejects.toMatchObject({ kind: 'denied' })
    await pool.close()
    await refused
  })

  it('fails the block of a thread that fails, and goes on in a new one', async () => {
    const pool = await openPool(1)
    const [text = []] = await textsOfLengths([12])
    const [before] = await pool.embed([text], false)
    const tooLong = Array.from({ length: maxTokens + 1 }, () => 9)
    await expect(pool.embed([tooLong], false)).rejects.toMatchObject({
      kind: 'denied',
      message: expect.stringContaining('128 tokens at once, not 129'),
    })
    expect(await pool.embed([text], false)).toEqual([before])
    await pool.close()
  })

  it('puts texts of one meaning near each other', async () => {
    const model = await openEmbeddingModel(spec, environment)
    const { vectors } = await model.embed(
      [
        'How do I reset my password?',
        'I forgot the secret I log in with.',
        'The glacier has lost half its ice.',
      ],
      { kind: 'query' },
    )
    await model.close()
    const [question = [], near = [], far = []] = vectors.map((vector) => [...vector])
    const cosine = (a: number[], b: number[]) => a.reduce((sum, value, at) => sum + value * (b[at] ?? 0), 0)
    expect(cosine(question, near)).toBeGreaterThan(cosine(question, far) + 0.1)
  })

  it('never lets an idle process hang, closed or not', () => {
    const script = `
      const { openEmbeddingModel } = await import('./dist/embedding/open.js')
      const { specFor } = await import('./dist/embedding/catalogue.js')
      const environment = { keys: {}, localModelPath: null, cacheDir: '' }
      const model = await openEmbeddingModel(specFor('universal-sentence-encoder-lite'), environment)
      const { vectors } = await model.embed(['not closed'], { kind: 'document' })
      process.stdout.write(String(vectors[0].length))`
    const ran = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      encoding: 'utf8',
      timeout: 50_000,
    })
    expect({ stdout: ran.stdout, stderr: ran.stderr, status: ran.status }).toEqual({
      stdout: '512',
      stderr: '',
      status: 0,
    })
  })
})

/** The first tokens of one text. */
async function textsOfLengths(lengths: number[]): Promise<number[][]> {
  const tokenizer = await loadTokenizer()
  const long = tokenizer.encode('The river carries sand, gravel and old stories down to the sea. '.repeat(12))
  return lengths.map((length) => long.slice(0, length))
}

describe('its tokenizer', () => {
  it('knows words, parts of words and what it does not know', async () => {
    const tokenizer = await loadTokenizer()
    expect(tokenizer.encode('')).toEqual([])
    expect(tokenizer.encode(' \n ')).toEqual([])
    expect(tokenizer.encode('the')).toEqual([9])
    expect(tokenizer.encode('東京 𓀀')).toContain(0)
    // White space of any kind is one blank, unknown characters side by side are one unknown piece.
    expect(tokenizer.encode('to\n\n\tthe')).toEqual(tokenizer.encode(' to the '))
    expect(tokenizer.encode('𓀀𓀀𓀀').filter((id) => id === 0)).toHaveLength(1)
    expect(tokenizer.encode('word '.repeat(500)).length).toBeGreaterThan(maxTokens)
  })
})
