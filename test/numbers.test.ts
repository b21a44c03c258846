import { describe, expect, it } from 'vitest'
import * as console from '../console/src/format.ts'
import { money } from '../src/cli/migration-text.ts'
import { counted, dollars, exactDollars, grouped } from '../src/core/counted.ts'

describe('numbers that a user reads', () => {
  it.each([
    ['sentences', grouped, counted],
    ['the console', console.count, console.counted],
  ])('are grouped in %s', (_, count, countedOf) => {
    expect([0, 999, 7_673, 1_234_567.8].map(count)).toEqual(['0', '999', '7,673', '1,234,568'])
    expect([0, 1, 7_673].map((n) => countedOf(n, 'chunk'))).toEqual(['0 chunks', '1 chunk', '7,673 chunks'])
    expect(countedOf(2_000, 'batch', 'batches')).toBe('2,000 batches')
  })

  it.each([
    [0, '$0', '$0'],
    [0.02, '$0.02', '$0.02'],
    [0.1254, '$0.13', '$0.1254'],
    [1_234.567, '$1,234.57', '$1,234.567'],
  ])('%d dollars are %s, exactly %s', (amount, rounded, exact) => {
    expect([dollars(amount), money(amount), console.dollars(amount)]).toEqual([rounded, rounded, rounded])
    expect([exactDollars(amount), console.exactDollars(amount)]).toEqual([exact, exact])
  })

  it('does not show a fraction of a cent as nothing', () => {
    expect(dollars(0.000_452)).toBe('$0.000452')
    expect(console.dollars(0.000_452)).toBe('less than $0.01')
    expect(money(null)).toBe('unknown')
  })

  it('keeps sizes, rates and times readable', () => {
    expect([console.bytes(999.4), console.bytes(81_920), console.bytes(9.4e6)]).toEqual([
      '999 B',
      '82 kB',
      '9.4 MB',
    ])
    expect([console.rate(0.44), console.rate(7_673.2)]).toEqual(['0.4', '7,673'])
    expect([console.milliseconds(4.12), console.milliseconds(1_234_567)]).toEqual(['4.1 ms', '1,234.6 s'])
  })
})
