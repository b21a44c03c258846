import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { stations } from '../../console/src/pages/migration/machine.ts'
import { ratesOf } from '../../console/src/pages/migration/rates.ts'
import { migrationStates } from '../../src/wire/migration.ts'

const folder = fileURLToPath(new URL('../../dist/console/', import.meta.url))
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
const text = (name: string): string => readFileSync(join(folder, name), 'utf8')
const zipped = (name: string): number => gzipSync(readFileSync(join(folder, name)), { level: 9 }).length

describe('the built console', () => {
  const page = text('index.html')

  it('loads at most 60 KB of script at first, gzipped; charts, the map and its projection come later', () => {
    const first = [...page.matchAll(/(?:src|href)="\/([^"]+\.js)"/g)].map((found) => found[1] ?? '')
    expect(first.length).toBeGreaterThan(0)
    expect(first.some((name) => /atlas|project-worker|chart/.test(name))).toBe(false)
    const scripts = files.filter((name) => name.endsWith('.js') && !/atlas|project-worker|chart/.test(name))
    expect(scripts.reduce((sum, name) => sum + zipped(name), 0)).toBeLessThanOrEqual(60 * 1024)
    // The chart of a migration comes when there is something to draw.
    const [chart = ''] = files.filter((name) => /chart-.*\.js$/.test(name))
    expect(zipped(chart)).toBeLessThanOrEqual(24 * 1024)
    expect(files.some((name) => /atlas-.*\.js$/.test(name))).toBe(true)
  })

  it('names nothing elsewhere, and holds neither script nor style in the page', () => {
    expect(page).not.toMatch(/<script(?![^>]*\bsrc=)/)
    expect(page).not.toMatch(/<style|\sstyle=|\son\w+=/)
    expect(page).not.toMatch(/(?:src|href)="(?:https?:)?\/\//)
    for (const name of files.filter((name) => name.endsWith('.css'))) {
      expect(text(name)).not.toMatch(/url\(["']?(?:https?:|data:|\/\/)|@import/)
    }
  })

  it('hands on the licences of what it is made of', () => {
    expect(text('licenses.md')).toMatch(/preact/)
    expect(files.filter((name) => /licence\.md$/.test(name))).toHaveLength(2)
  })
})

describe('the drawn machine', () => {
  it('has a station for each state', () => {
    expect(stations.map((station) => station.state).toSorted()).toEqual([...migrationStates].toSorted())
  })
})

describe('the drawn rate', () => {
  const event = (id: number, seconds: number, type: string, chunks = 0) => ({
    id,
    migration_id: 1,
    at: new Date(1_000_000 + seconds * 1000).toISOString(),
    actor: 'worker',
    type,
    data: { chunks },
  })

  it('is chunks over the time they took, and what is left over the rate', () => {
    const events = [
      event(1, 0, 'enqueued'),
      ...Array.from({ length: 10 }, (_, at) => event(at + 2, (at + 1) * 2, 'batch', 20)),
    ]
    const rates = ratesOf(events, 400)
    expect(rates?.rate.every((rate) => Math.abs(rate - 10) < 1e-9)).toBe(true)
    expect(rates?.left.at(-1)).toBeCloseTo(20)
  })

  it('is not drawn before there is something to draw', () => {
    expect(ratesOf([], 10)).toBeNull()
    expect(ratesOf([event(1, 0, 'batch', 5), event(2, 0, 'batch', 5)], 10)).toBeNull()
    expect(
      ratesOf(
        Array.from({ length: 6 }, (_, at) => event(at, 0, 'batch', 5)),
        100,
      ),
    ).toBeNull()
  })
})
