import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { specFor } from '../../src/embedding/catalogue.ts'
import { layered } from '../../src/embedding/model.ts'
import type { RawModel } from '../../src/embedding/raw-model.ts'
import { pool, windowsOf } from '../../src/embedding/windows.ts'

const words = (text: string) => text.split(/\s+/).filter((word) => word !== '').length
const letters = (text: string) => [...text].length

describe('windows', () => {
  it('are one for a text that fits', () => {
    expect(windowsOf('  a b c ', { count: words, tokens: 3 })).toEqual([{ text: '  a b c ', tokens: 3 }])
  })

  it('end where sentences end, and share the last one', () => {
    const text = 'One two three four. Five six seven eight. Nine ten. Eleven twelve thirteen.'
    const windows = windowsOf(text, { count: words, tokens: 16 })
    expect(windows.map((window) => window.text.trim())).toEqual([text])
    expect(windowsOf(text, { count: words, tokens: 10 }).map((window) => window.text.trim())).toEqual([
      'One two three four. Five six seven eight. Nine ten.',
      'Eleven twelve thirteen.',
    ])
    const many = Array.from({ length: 40 }, (_, n) => `S${n} b.`).join(' ')
    const [first, second] = windowsOf(many, { count: words, tokens: 32 })
    expect(first?.text.endsWith('S15 b.')).toBe(true)
    expect(second?.text.trim().startsWith('S14 b. S15 b. S16 b.')).toBe(true)
  })

  it('lose nothing but white space, and fit, whatever the text', () => {
    const anyText = fc.array(
      fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom('\n', '. ', ' ', '\n\n', '🙂')),
      {
        maxLength: 60,
      },
    )
    fc.assert(
      fc.property(anyText, fc.integer({ min: 2, max: 40 }), (parts, tokens) => {
        const text = parts.join('')
        const windows = windowsOf(text, { count: letters, tokens })
        for (const window of windows) expect(letters(window.text)).toBeLessThanOrEqual(tokens)
        expect(
          covers(
            text,
            windows.map((window) => window.text),
          ),
        ).toBe(true)
      }),
    )
  })

  it('never cut a character in two', () => {
    const windows = windowsOf('🙂'.repeat(50), { count: letters, tokens: 7 })
    for (const window of windows) expect(window.text).toMatch(/^(?:🙂)+$/u)
  })

  it('are pooled by their length', () => {
    const long = { vector: Float32Array.of(1, 0), tokens: 3 }
    const short = { vector: Float32Array.of(0, 1), tokens: 1 }
    expect([...pool([long, short])]).toEqual([0.75, 0.25])
  })
})

/** Whether the windows, in order and overlapping, contain every character of the text that is not white space. */
function covers(text: string, windows: readonly string[]): boolean {
  const whole = text.replace(/\s+/g, '')
  let reached = 0
  for (const window of windows.map((one) => one.replace(/\s+/g, ''))) {
    const at = whole.lastIndexOf(window, reached)
    if (at < 0) return false
    reached = Math.max(reached, at + window.length)
  }
  return reached === whole.length
}

describe('a long text in a model', () => {
  const spec = specFor('tiny', { provider: 'custom', dimension: 2 })
  const limits = {
    requestsPerMinute: null,
    tokensPerMinute: null,
    concurrency: 1,
    batchItems: 10,
    batchTokens: 100,
    maxInputTokens: 8,
    requestTimeoutMs: 10_000,
    maxAttempts: 1,
  }

  /** East for texts with "east", otherwise north; remembers what it was given. */
  function compass(seen: string[]): RawModel {
    return {
      markTokens: 0,
      async embedBatch(texts) {
        seen.push(...texts)
        return {
          vectors: texts.map((text) => (text.includes('east') ? [1, 0] : [0, 1])),
          indexes: null,
          tokens: null,
        }
      },
    }
  }

  it('is embedded whole, with its prefix on every window, and scaled to length 1', async () => {
    const seen: string[] = []
    const model = layered({ ...spec, documentPrefix: 'd: ' }, compass(seen), {
      limits,
      countTokens: words,
      exactTokens: true,
    })
    const { vectors } = await model.embed(['north a b c d e f. east g h i j k l.'], { kind: 'document' })
    expect(seen).toHaveLength(2)
    for (const text of seen) {
      expect(text).toMatch(/^d: /)
      expect(words(text)).toBeLessThanOrEqual(8)
    }
    expect(Math.hypot(...(vectors[0] ?? []))).toBeCloseTo(1, 6)
    expect(vectors[0]?.[0]).toBeCloseTo(Math.SQRT1_2, 1)
  })

  it('counts by its windows for whoever watches', async () => {
    const one = { limits: { ...limits, batchItems: 1 }, countTokens: words, exactTokens: true }
    const model = layered(spec, compass([]), one)
    const done: number[] = []
    await model.embedEach(['north', 'north a b c d e f. east g h i j k l.', ' ', 'east'], {
      kind: 'document',
      onEmbedded: (texts) => done.push(texts),
    })
    expect(done).toEqual([1, 2, 3, 4])
  })

  it('leaves vectors unscaled where the space is not normalised', async () => {
    const model = layered({ ...spec, normalize: false, distance: 'l2' }, compass([]), {
      limits,
      countTokens: words,
      exactTokens: true,
    })
    const { vectors } = await model.embed(['north a b c d e f. east g h i j k l.'], { kind: 'document' })
    expect([...(vectors[0] ?? [])]).toEqual([0.5, 0.5])
  })
})
