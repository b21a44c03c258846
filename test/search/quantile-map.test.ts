import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { quantileMap } from '../../src/search/quantile-map.ts'

const none = { source: [], target: [] }
/** Source scores 0 to 1; the target says the same in numbers half as wide, from 0.4. */
const sample = Array.from({ length: 101 }, (_, i) => ({ source: i / 100, target: 0.4 + i / 200 }))

describe('the quantile map', () => {
  it('gives the target score that stands where the source score stands', () => {
    const map = quantileMap({ sample, top: none })
    for (const score of [0, 0.005, 0.31, 0.5, 1]) expect(map(score)).toBeCloseTo(0.4 + score / 2, 10)
  })

  it('goes on in a straight line beyond what was seen', () => {
    const map = quantileMap({ sample, top: none })
    expect(map(1.2)).toBeCloseTo(1, 6)
    expect(map(-0.2)).toBeCloseTo(0.3, 6)
  })

  it('follows the best of both lists where they reach further than the sample', () => {
    const map = quantileMap({ sample, top: { source: [3, 2, 1.5], target: [0.99, 0.97, 0.95, 0.94] } })
    expect(map(3)).toBeCloseTo(0.99, 10)
    expect(map(2.5)).toBeCloseTo(0.98, 10)
    expect(map(1.5)).toBeCloseTo(0.95, 10)
    expect(map(0.5)).toBeCloseTo(0.65, 1)
  })

  it('never turns an order round, whatever the scores', () => {
    const score = fc.double({ min: -5, max: 5, noNaN: true })
    fc.assert(
      fc.property(
        fc.array(fc.record({ source: score, target: score }), { maxLength: 60 }),
        fc.array(score, { maxLength: 20 }),
        fc.array(score, { maxLength: 20 }),
        fc.array(score, { minLength: 2, maxLength: 40 }),
        (pairs, source, target, asked) => {
          const map = quantileMap({ sample: pairs, top: { source, target } })
          const mapped = [...asked].sort((a, b) => a - b).map(map)
          for (let i = 1; i < mapped.length; i += 1) {
            expect(Number.isFinite(mapped[i])).toBe(true)
            expect(mapped[i]).toBeGreaterThanOrEqual((mapped[i - 1] ?? 0) - 1e-9)
          }
        },
      ),
    )
  })
})
