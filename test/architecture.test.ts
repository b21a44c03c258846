import { readdirSync, readFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import {
  contentFaults,
  cycles,
  fileFaults,
  houseOf,
  layerFaults,
  layers,
  partFaults,
  type SourceText,
} from './architecture/rules.ts'

const src = fileURLToPath(new URL('../src', import.meta.url))
const files: SourceText[] = readdirSync(src, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
  .map((entry) => join(entry.parentPath, entry.name))
  .map((file) => ({ path: relative(src, file).split(sep).join('/'), text: readFileSync(file, 'utf8') }))

const file = (path: string, text = ''): SourceText => ({ path, text })

const { rooms, longestWay } = houseOf(files)

describe('the sources', () => {
  it('are found', () => expect(files.map(({ path }) => path)).toContain('core/errors.ts'))
  it('import downward only', () => expect(layerFaults(files)).toEqual([]))
  it(`are ${rooms.length} folders and files on ${longestWay.length} floors: ${longestWay.join(' → ')}`, () => {
    expect(rooms.length).toBeLessThanOrEqual(30)
    expect(longestWay.length).toBeLessThanOrEqual(10)
    // The list has no row that is not a floor, and no name that is not a folder or a file.
    expect(layers.length).toBe(longestWay.length)
    expect([...rooms].sort()).toEqual(layers.flat().sort())
  })
  it('have parts that know only the nouns', () => expect(partFaults(files)).toEqual([]))
  it('import in no circle', () => expect(cycles(files)).toEqual([]))
  it('keep SQL, drivers and the environment in their places', () => expect(contentFaults(files)).toEqual([]))
  it('are short files with telling names', () => expect(fileFaults(files)).toEqual([]))
})

describe('the rules can fail', () => {
  it.each([
    [
      'upward',
      file('store/rows.ts', `import { x } from '../search/flow.ts'`),
      'store/rows.ts imports upward: search/flow.ts',
    ],
    [
      'upward as a type',
      file('core/a.ts', `import type { X } from '../config/config.ts'`),
      'core/a.ts imports upward: config/config.ts',
    ],
    [
      'upward by re-export',
      file('core/a.ts', `export * from '../store/b.ts'`),
      'core/a.ts imports upward: store/b.ts',
    ],
    [
      'upward when needed',
      file('core/a.ts', `await import('../store/b.ts')`),
      'core/a.ts imports upward: store/b.ts',
    ],
    [
      'between flows',
      file('search/a.ts', `import '../ingest/b.ts'`),
      'search/a.ts imports its neighbour ingest/b.ts',
    ],
    [
      'between parts',
      file('parsing/a.ts', `import '../splitting/b.ts'`),
      'parsing/a.ts imports its neighbour splitting/b.ts',
    ],
    [
      'to an unknown folder',
      file('cli/a.ts', `import '../extras/b.ts'`),
      'cli/a.ts imports extras/b.ts, which belongs to no layer',
    ],
    [
      'out of src',
      file('cli/a.ts', `import '../../test/b.ts'`),
      'cli/a.ts imports ../test/b.ts, which belongs to no layer',
    ],
    ['from an unknown folder', file('extras/a.ts'), 'extras/a.ts belongs to no layer'],
  ])('layers: %s', (_, source, fault) => expect(layerFaults([source])).toEqual([fault]))

  it('floors: the longest way down is found', () => {
    const way = [
      file('cli/a.ts', `import '../store/b.ts'\nimport '../core/c.ts'`),
      file('store/b.ts', `import '../core/c.ts'\nimport 'pg'`),
      file('core/c.ts', `import './d.ts'`),
      file('core/d.ts'),
    ]
    expect(houseOf(way)).toEqual({ rooms: ['cli', 'store', 'core'], longestWay: ['cli', 'store', 'core'] })
  })

  it('a part that knows the database', () => {
    const source = file('embedding/a.ts', `import '../postgres/sql.ts'\nimport '../core/model.ts'`)
    expect(partFaults([source])).toEqual(['embedding/a.ts knows of postgres/sql.ts'])
  })

  it('a circle', () => {
    const three = [
      file('store/a.ts', `import './b.ts'`),
      file('store/b.ts', `import './c.ts'`),
      file('store/c.ts', `import './a.ts'`),
    ]
    expect(cycles(three)).toEqual(['store/a.ts → store/b.ts → store/c.ts → store/a.ts'])
    expect(cycles(three.slice(1))).toEqual([])
  })

  it.each([
    ['process.env', file('cli/a.ts', 'const home = process.env.HOME'), 'cli/a.ts reads process.env'],
    ['env', file('cli/a.ts', `import { env } from 'node:process'`), 'cli/a.ts reads process.env'],
    [
      'the template',
      file('search/a.ts', `import { sql } from '../postgres/sql.ts'`),
      'search/a.ts writes SQL',
    ],
    ['a string', file('cli/a.ts', `run('select 1 from chunks')`), 'cli/a.ts holds SQL'],
    [
      'a driver',
      file('store/a.ts', `import pg from 'pg'`),
      'store/a.ts imports pg, which only postgres/ may',
    ],
  ])('content: %s', (_, source, fault) => expect(contentFaults([source])).toEqual([fault]))

  it('content: the configuration, the store, comments and prose are free', () => {
    const free = [
      file('config/config.ts', 'const env = process.env'),
      file('store/a.ts', `import { sql } from '../postgres/sql.ts'\nsql\`select 1 from chunks\``),
      file('cli/a.ts', `// process.env is read elsewhere\nconst help = 'Select a model from the list.'`),
    ]
    expect(contentFaults(free.slice(0, 2))).toEqual([])
    expect(contentFaults(free.slice(2))).toEqual([])
  })

  it.each([
    ['a long file', file('core/a.ts', '\n'.repeat(301)), 'core/a.ts has 301 lines, more than 300'],
    ['a bucket', file('core/utils.ts'), 'core/utils.ts is named for nothing in particular'],
    ['a bucket of files', file('helpers/a.ts'), 'helpers/a.ts is named for nothing in particular'],
    ['a hub', file('core/index.ts'), 'core/index.ts is a hub'],
  ])('files: %s', (_, source, fault) => expect(fileFaults([source])).toEqual([fault]))
})
