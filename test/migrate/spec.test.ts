import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { root } from '../docs/pages.ts'

const spec = readFileSync(join(root, 'src/migrate/SPEC.md'), 'utf8')

it('every invariant of the migrations names tests that exist', () => {
  const invariants = spec
    .slice(0, spec.indexOf('## How'))
    .split(/^(?=\d+\. \*\*)/m)
    .slice(1)
  expect(invariants.map((text) => Number.parseInt(text, 10))).toEqual(invariants.map((_, i) => i + 1))
  expect(invariants.length).toBeGreaterThan(10)
  for (const invariant of invariants) {
    const named = [...invariant.matchAll(/^\s*- `(test\/\S+)`: (.+)$/gm)]
    expect(named.length, invariant).toBeGreaterThan(0)
    for (const [, path = '', title = ''] of named) {
      const file = join(root, path)
      expect(existsSync(file) && readFileSync(file, 'utf8').includes(title), `${path}: ${title}`).toBe(true)
    }
  }
})
