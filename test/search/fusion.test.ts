import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fuse, type RankedList } from '../../src/search/fusion.ts'

interface Item {
  readonly chunkId: string
  readonly distance: number
}

const list: fc.Arbitrary<readonly Item[]> = fc
  .uniqueArray(fc.integer({ min: 0, max: 30 }), { maxLength: 25 })
  .map((ids) => ids.map((id, i) => ({ chunkId: String(id), distance: i / 100 })))

const lists: fc.Arbitrary<readonly RankedList<Item>[]> = fc
  .array(fc.record({ weight: fc.double({ min: 0.01, max: 100, noNaN: true }), items: list }), {
    minLength: 1,
    maxLength: 4,
  })
  .map((deps) => deps.map((part, i) => ({ ...part, model: `m${i}` })))

const ids = (items: readonly { readonly item: Item }[]): string[] => items.map(({ item }) => item.chunkId)
const sets = (given: readonly RankedList<Item>[]): Set<string>[] =>
  given.map(({ items }) => new Set(items.map(({ chunkId }) => chunkId)))

test('union keeps what any list has, intersection what every list has, each once', () => {
  fc.assert(
    fc.property(lists, (given) => {
      const all = new Set(sets(given).flatMap((set) => [...set]))
      const common = [...all].filter((id) => sets(given).every((set) => set.has(id)))
      const union = ids(fuse(given, 'union'))
      const intersection = ids(fuse(given, 'intersection'))
      expect([...union].sort()).toEqual([...all].sort())
      expect([...intersection].sort()).toEqual(common.sort())
      // What both keep stands in the same order.
      expect(intersection).toEqual(union.filter((id) => common.includes(id)))
    }),
  )
})

test('scores fall from 1 at most to above 0, and say where each model ranked the chunk', () => {
  fc.assert(
    fc.property(lists, (given) => {
      const fused = fuse(given, 'union')
      fused.forEach(({ item, score, distance, models }, i) => {
        expect(score).toBeGreaterThan(0)
        expect(score).toBeLessThanOrEqual(1 + 1e-9)
        expect(score).toBeLessThanOrEqual((fused[i - 1]?.score ?? 1) + 1e-9)
        for (const { model, items } of given) {
          const at = items.findIndex(({ chunkId }) => chunkId === item.chunkId)
          expect(models[model]).toEqual(
            at === -1 ? undefined : { rank: at + 1, distance: items[at]?.distance },
          )
        }
        const best = Math.min(...Object.values(models).map(({ rank }) => rank))
        expect(Object.values(models).find(({ rank }) => rank === best)?.distance).toBe(distance)
      })
    }),
  )
})

test('one list stays as it is, and agreeing lists agree', () => {
  fc.assert(
    fc.property(list, fc.integer({ min: 1, max: 4 }), (items, copies) => {
      const given = Array.from({ length: copies }, (_, i) => ({ model: `m${i}`, weight: 1, items }))
      for (const aggregation of ['union', 'intersection'] as const) {
        expect(ids(fuse(given, aggregation))).toEqual(items.map(({ chunkId }) => chunkId))
      }
      expect(fuse(given, 'union')[0]?.score ?? 1).toBeCloseTo(1, 12)
    }),
  )
})

test('distances of different spaces play no part, and only ratios of weights do', () => {
  fc.assert(
    fc.property(lists, fc.double({ min: 0.1, max: 10, noNaN: true }), (given, factor) => {
      const stretched = given.map((one, n) => ({
        ...one,
        weight: one.weight * factor,
        items: one.items.map((item) => ({ ...item, distance: item.distance * (n + 2) * 1_000 })),
      }))
      const scores = (of: readonly RankedList<Item>[]) =>
        new Map(fuse(of, 'union').map(({ item, score }) => [item.chunkId, score]))
      const after = scores(stretched)
      for (const [id, score] of scores(given)) expect(after.get(id)).toBeCloseTo(score, 9)
    }),
  )
})

test('a heavier model has the last word', () => {
  const item = (chunkId: string): Item => ({ chunkId, distance: 0 })
  const strong = { model: 'strong', weight: 1, items: [item('a'), item('b')] }
  const weak = { model: 'weak', weight: 1, items: [item('b'), item('a'), item('c')] }
  // Equal weights, equal scores: the first list's order.
  expect(ids(fuse([strong, weak], 'union'))).toEqual(['a', 'b', 'c'])
  expect(ids(fuse([weak, strong], 'union'))).toEqual(['b', 'a', 'c'])
  expect(ids(fuse([{ ...weak, weight: 0.1 }, strong], 'union'))).toEqual(['a', 'b', 'c'])
})
