import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { specFor } from '../../src/embedding/catalogue.ts'
import { openEmbeddingModel } from '../../src/embedding/open.ts'
import { hashText } from '../../src/embedding/providers/lexical-hash.ts'
import { exerciseEmbeddingModel } from '../../src/testing/exercise-embedding-model.ts'

const environment = { keys: {}, localModelPath: null, cacheDir: '' }

for (const modelName of ['lexical-hash-256', 'lexical-hash-3072']) {
  describe(modelName, () => {
    exerciseEmbeddingModel(() => openEmbeddingModel(specFor(modelName), environment), { describe, it })
  })
}

const cosine = (a: Float32Array, b: Float32Array) =>
  a.reduce((sum, value, at) => sum + value * (b[at] ?? 0), 0)

describe('lexical-hash', () => {
  it('is the same on every machine', () => {
    const texts = ['The quick brown fox', 'Straße und Ölmühle', '東京都', '🙂', '12 + 30 = 42', 'ǅ ﬁne']
    const hash = createHash('sha256')
    for (const text of texts) for (const width of [1, 7, 256, 4096]) hash.update(hashText(text, width))
    expect(hash.digest('hex')).toBe('68cffcbfe261c45a4b4db576a2acfe20872a18709fff215bd8ba252cbeaad139')
  })

  it('finds shared words, in any case and form', () => {
    const query = hashText('How do LARGE models migrate?', 1024)
    const near = cosine(query, hashText('A large model is migrated in one night.', 1024))
    const far = cosine(query, hashText('Bees find their way by the light of the sky.', 1024))
    expect(near).toBeGreaterThan(0.3)
    expect(far).toBeLessThan(0.15)
    expect(cosine(hashText('ﬁle', 64), hashText('FILE', 64))).toBeCloseTo(1)
  })

  it('gives every text a vector of length 1, at every width', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', minLength: 1 }),
        fc.integer({ min: 1, max: 64 }),
        (text, width) => {
          const vector = hashText(text, width)
          expect(vector).toHaveLength(width)
          expect(Math.hypot(...vector)).toBeCloseTo(1, 5)
          expect(hashText(text, width)).toEqual(vector)
        },
      ),
    )
  })
})
