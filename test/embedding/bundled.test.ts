import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { openSession } from '../../src/embedding/bundled/open-session.ts'
import { loadTokenizer } from '../../src/embedding/bundled/tokenizer.ts'
import { maxTokens } from '../../src/embedding/bundled/weights.ts'
import { specFor } from '../../src/embedding/catalogue.ts'
import { openEmbeddingModel } from '../../src/embedding/open.ts'
import { exerciseEmbeddingModel } from '../../src/testing/exercise-embedding-model.ts'

const spec = specFor('universal-sentence-encoder-lite')
const environment = { keys: {}, localModelPath: null, cacheDir: '' }
const routes = ['onnx', 'wasm'] as const

for (const route of routes) {
  describe(`universal-sentence-encoder-lite by ${route}`, () => {
    exerciseEmbeddingModel(() => openEmbeddingModel(spec, environment, { route }), { describe, it })
  })
}

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
  for (const route of routes) {
    it(`gives by ${route} the numbers of the weights' own library`, async () => {
      const model = await openEmbeddingModel(spec, environment, { route })
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
  }

  it('gives the same numbers by both routes, for texts of every length in one batch', async () => {
    const tokenizer = await loadTokenizer()
    const long = tokenizer.encode(
      'The river carries sand, gravel and old stories down to the sea. '.repeat(12),
    )
    const lengths = [1, 2, 3, 4, 5, 7, 8, 9, 31, 63, 64, 65, 127, 128]
    const texts = lengths.map((length) => long.slice(0, length))
    const [onnx, wasm] = await Promise.all(
      routes.map(async (route) => {
        const session = await openSession(route)
        expect(session.route).toBe(route)
        const vectors = await session.run(texts)
        await session.close()
        return vectors
      }),
    )
    for (const [text, vector] of (onnx ?? []).entries()) {
      for (const [at, value] of vector.entries()) {
        expect(Math.abs(value - (wasm?.[text]?.[at] ?? Number.NaN))).toBeLessThan(1e-5)
      }
    }
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
