import { expect, it } from 'vitest'
import { leastReaching, recallOf } from '../../src/store/recall.ts'

it('is a share of all neighbours, with an interval that is wider where queries differ', () => {
  const even = recallOf(Array.from({ length: 100 }, () => ({ wanted: 10, found: 9 })))
  expect(even.recall).toBe(0.9)
  expect(even.interval[0]).toBeCloseTo(0.88, 2)
  expect(even.interval[1]).toBeCloseTo(0.917, 2)
  const uneven = recallOf(
    Array.from({ length: 100 }, (_, i) => ({ wanted: 10, found: i % 10 === 0 ? 0 : 10 })),
  )
  expect(uneven.recall).toBe(0.9)
  expect(uneven.interval[0]).toBeLessThan(0.85)
  const few = recallOf([{ wanted: 10, found: 10 }])
  expect(few).toMatchObject({ recall: 1, interval: [expect.closeTo(0.72, 2), 1] })
  expect(recallOf([])).toEqual({ recall: 1, interval: [0, 1] })
})

it('is reached by the least effort that suffices, to a tenth, or by none', async () => {
  const measured: number[] = []
  const from = (needed: number) => async (value: number) => {
    measured.push(value)
    const recall = Math.min(1, value / needed)
    return { recall, interval: [recall, recall] as const }
  }
  const range = { least: 40, most: 1_000 }
  expect(await leastReaching(0.5, range, from(60))).toMatchObject({ value: 40, reached: true })
  const middling = await leastReaching(1, range, from(230))
  expect(middling.value).toBeGreaterThanOrEqual(230)
  expect(middling.value).toBeLessThan(256)
  measured.length = 0
  const none = await leastReaching(1, range, from(1_002))
  expect(none).toMatchObject({ reached: false, value: 1_000 })
  expect(measured).toEqual([40, 80, 160, 320, 640, 1_000])
  // Where more does not help, the least that does no worse.
  const flat = async () => ({ recall: 0.7, interval: [0.6, 0.8] as const })
  expect(await leastReaching(0.9, range, flat)).toMatchObject({ reached: false, value: 40 })
})
