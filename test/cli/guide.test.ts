import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { texts, writeCorpus } from './corpus.ts'
import { type RunOptions, runCli } from './run-cli.ts'

vi.setConfig({ testTimeout: 240_000 })

// One folder, one story: each command as a process of its own, in the order a newcomer meets them.
let dir: string
let docs: string
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'revector-guide-'))
  docs = writeCorpus(dir, { bad: true })
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

const bundled = 'universal-sentence-encoder-lite'
const lexical = 'lexical-hash-256'
const cli = (args: readonly string[], options: RunOptions = {}) => runCli(args, { cwd: dir, ...options })

/** Runs with --json and expects nothing but one document of success. */
// biome-ignore lint/suspicious/noExplicitAny: documents of many shapes
async function json(...args: readonly string[]): Promise<any> {
  const { code, stdout, stderr, json: parse } = await cli([...args, '--json', '--quiet'])
  expect({ code, stderr, stdout: code === 0 ? '' : stdout }).toEqual({ code: 0, stderr: '', stdout: '' })
  return parse()
}

/** Runs with --json and expects a refusal: exit code and error code. */
// biome-ignore lint/suspicious/noExplicitAny: errors carry data of many shapes
async function refusal(...args: readonly string[]): Promise<{ exit: number; error: any }> {
  const { code, json: parse } = await cli([...args, '--json'])
  const { error, ...rest } = parse()
  expect(rest).toEqual({})
  expect(error).toMatchObject({
    code: expect.stringMatching(/^[A-Z_]+$/),
    message: expect.stringMatching(/\S/),
  })
  expect(error.hint).toMatch(/\S/)
  return { exit: code, error }
}

describe('the database', () => {
  it('db status on nothing says so, and makes no folder', async () => {
    const status = await json('db', 'status')
    expect(status).toMatchObject({
      engine: 'embedded',
      revision: 0,
      legacy: null,
      models: [],
      documents: 0,
      chunks: 0,
    })
    expect(status.latest_revision).toBeGreaterThanOrEqual(2)
    const { stdout } = await cli(['db', 'status'])
    expect(stdout).toContain('Next: revector db init')
    expect(existsSync(join(dir, '.revector'))).toBe(false)
  })
  it('db init sets it up, with a current model', async () => {
    const status = await json('db', 'init')
    expect(status.revision).toBe(status.latest_revision)
    expect(status.dimensions).toEqual(expect.arrayContaining([384, 512, 768, 1536, 3072]))
    expect(status.models.find((model: { current: boolean }) => model.current)).toMatchObject({
      model_name: bundled,
      dimension: 512,
      provider: 'bundled',
      state: 'current',
      embeddings: 0,
    })
  })
  it('db run and db setup-models have nothing left to do, and need no consent', async () => {
    const status = await json('db', 'run')
    expect(status.revision).toBe(status.latest_revision)
    const { models } = await json('db', 'setup-models')
    const names = models.map((model: { model_name: string }) => model.model_name)
    expect(names).toEqual(
      expect.arrayContaining([
        'all-MiniLM-L6-v2',
        'all-mpnet-base-v2',
        'text-embedding-ada-002',
        'text-embedding-3-small',
        'text-embedding-3-large',
        bundled,
      ]),
    )
    expect(new Set(names).size).toBe(names.length)
  })
})

describe('ingest', () => {
  it('reads a folder, reports the bad file, and says so by its exit code', async () => {
    const { code, json: parse } = await cli(['ingest', docs, '--json'])
    const report = parse()
    expect(code).toBe(1)
    expect(report).toMatchObject({ documents: 5, unchanged: 0, models: [bundled] })
    expect(report.chunks).toBeGreaterThanOrEqual(5)
    expect(report.failed).toEqual([
      {
        path: expect.stringContaining('broken.pdf'),
        code: 'PARSE_FAILED',
        message: expect.stringMatching(/\S/),
      },
    ])
    expect(report.error).toMatchObject({ code: 'DOCUMENTS_FAILED' })
  })
  it('says it to people: what was done on stdout, what was not on stderr', async () => {
    rmSync(join(docs, 'broken.pdf'))
    writeFileSync(join(dir, 'bad.pdf'), '%PDF-1.7\nthis is not one')
    const { code, stdout, stderr } = await cli(['ingest', docs, 'bad.pdf'])
    expect(code).toBe(1)
    expect(stdout).toMatch(/^Ingested 0 documents/)
    expect(stdout).toContain('5 documents unchanged.')
    expect(stderr).toMatch(/error: 1 file could not be ingested:\n/)
    expect(stderr).toMatch(/bad\.pdf +PARSE_FAILED +\S/)
  })
  it('skips what is unchanged, replaces what changed', async () => {
    writeFileSync(join(docs, 'bread.md'), `${texts['bread.md']}\nBake it in a dutch oven.\n`)
    expect(await json('ingest', docs)).toMatchObject({ documents: 1, unchanged: 4, failed: [] })
  })
  it('reads standard input and keeps metadata', async () => {
    const { code, json: parse } = await cli(
      ['ingest', '-', '--metadata', 'lang=en', '--metadata', 'year=2026', '--json'],
      {
        input: 'Beekeeping: a hive needs a queen, workers and drones. Honey is harvested in late summer.',
      },
    )
    expect(code).toBe(0)
    expect(parse()).toMatchObject({ documents: 1, failed: [] })
  })
  it('names what does not exist', async () => {
    const { code, stdout } = await cli(['ingest', join(dir, 'nowhere.md'), '--json'])
    expect(code).not.toBe(0)
    expect(stdout).toContain('nowhere.md')
    JSON.parse(stdout)
  })
})

describe('search', () => {
  it('answers with hits of the promised shape', async () => {
    const answer = await json('search', 'how do I close a pool?', '--top-k', '3')
    expect(answer).toMatchObject({ query: 'how do I close a pool?', models: [bundled], aggregation: null })
    expect(answer.coverage).toEqual({ [bundled]: 1 })
    expect(answer.took_ms).toBeGreaterThan(0)
    expect(answer.hits).toHaveLength(3)
    expect(answer.hits[0]).toMatchObject({ rank: 1, title: 'Pools' })
    const [hit] = answer.hits
    expect(Object.keys(hit)).toEqual(
      expect.arrayContaining([
        'rank',
        'chunk_id',
        'document_id',
        'title',
        'content',
        'score',
        'distance',
        'models',
        'metadata',
      ]),
    )
    expect(hit.models).toEqual({ [bundled]: { rank: 1, distance: hit.distance } })
    expect([typeof hit.chunk_id, typeof hit.document_id]).toEqual(['string', 'string'])
    expect(hit.score).toBeCloseTo(1 - hit.distance, 6)
  })
  it('shows people rank, score, title, heading, source and words', async () => {
    const { code, stdout, stderr } = await cli(['search', 'close the pool', '--top-k', '1'])
    expect(code).toBe(0)
    expect(stdout).toMatch(/^1 {2}0\.\d{3} {2}Pools/)
    expect(stdout).toContain('pools.md')
    expect(stdout).toContain('A pool keeps connections open.')
    expect(stdout).not.toContain('\u001b')
    expect(stderr).toMatch(/1 passage · universal-sentence-encoder-lite · [\d.]+ m?s\n/)
  })
  it('is narrowed by metadata, title, document and date', async () => {
    const bees = await json('search', 'moon', '--where', 'lang=en', '--where', 'year=2026')
    expect(bees.hits).toHaveLength(1)
    expect(bees.hits[0].content).toContain('hive')
    const tides = await json('search', 'dough', '--title', 'TIDE', '--after', '2020-01-01')
    expect(tides.hits.map((hit: { title: string }) => hit.title)).toEqual(['Tides'])
    const { document_id } = tides.hits[0]
    expect((await json('search', 'dough', '--document', document_id)).hits).toHaveLength(1)
    expect((await json('search', 'dough', '--before', '2020-01-01')).hits).toEqual([])
    expect((await cli(['search', 'dough', '--min-score', '0.999'])).stdout).toBe('Nothing found.\n')
  })
  it('refuses a model that is not there', async () => {
    expect(await refusal('search', 'x', '--model', 'no-such-model')).toMatchObject({
      exit: 2,
      error: { code: 'MODEL_UNKNOWN' },
    })
  })
})

describe('models', () => {
  it('models list has the promised shape', async () => {
    const { models } = await json('models', 'list')
    const current = models.find((model: { current: boolean }) => model.current)
    expect(current).toMatchObject({ model_name: bundled, state: 'current', coverage: 1 })
    expect(current.embeddings).toBeGreaterThanOrEqual(6)
    expect(current.index).toMatchObject({
      name: 'idx_embeddings_hnsw_512',
      valid: true,
      bytes: expect.any(Number),
    })
    const { stdout } = await cli(['models', 'list'])
    expect(stdout).toMatch(/^MODEL +DIM +PROVIDER +STATE +VECTORS +COVERAGE +INDEX\n/)
  })
  it('models add registers any width; the same name with another width is refused', async () => {
    const added = await json(
      'models',
      'add',
      'lexical-hash-700',
      '--dimension',
      '700',
      '--provider',
      'lexical-hash',
    )
    expect(added).toMatchObject({
      model_name: 'lexical-hash-700',
      dimension: 700,
      state: 'registered',
      current: false,
      embeddings: 0,
    })
    const again = await refusal(
      'models',
      'add',
      'lexical-hash-700',
      '--dimension',
      '701',
      '--provider',
      'lexical-hash',
    )
    expect(again).toMatchObject({ exit: 2, error: { code: 'MODEL_DIMENSION_CONFLICT' } })
    expect(again.error.message).toMatch(/^Model exists with different dimension/)
  })
  it('models use refuses a model without vectors; --force does not', async () => {
    expect(await refusal('models', 'use', 'lexical-hash-700')).toMatchObject({
      exit: 3,
      error: { code: 'MODEL_EMPTY' },
    })
    expect(await json('models', 'use', 'lexical-hash-700', '--force')).toEqual({
      from: bundled,
      to: 'lexical-hash-700',
    })
    expect(await json('models', 'use', bundled)).toEqual({ from: 'lexical-hash-700', to: bundled })
  })
  it('models remove asks before it throws vectors away, and refuses the current one', async () => {
    expect(await refusal('models', 'remove', bundled, '--yes')).toMatchObject({
      exit: 3,
      error: { code: 'MODEL_IN_USE' },
    })
    expect(await json('models', 'remove', 'lexical-hash-700', '--yes')).toMatchObject({
      model_name: 'lexical-hash-700',
      embeddings: 0,
    })
    expect(await refusal('models', 'remove', 'lexical-hash-700')).toMatchObject({
      exit: 2,
      error: { code: 'MODEL_UNKNOWN' },
    })
  })
})

describe('documents', () => {
  let id: string
  it('documents list goes on where it stopped', async () => {
    const first = await json('documents', 'list', '--limit', '4')
    expect(first.documents).toHaveLength(4)
    const rest = await json('documents', 'list', '--limit', '4', '--after', first.next)
    expect(rest).toMatchObject({ next: null })
    const titles = [...first.documents, ...rest.documents].map(
      (document: { title: string }) => document.title,
    )
    expect(new Set(titles)).toEqual(new Set([...titles]))
    expect(titles).toEqual(expect.arrayContaining(['Pools', 'Bread', 'Tides', 'Violins', 'Glaciers']))
    id = [...first.documents, ...rest.documents].find(
      (document: { title: string }) => document.title === 'Pools',
    ).id
    expect((await cli(['documents', 'list', '--limit', '2'])).stderr).toMatch(/More: add --after \S+/)
  })
  it('documents show gives the text and its chunks', async () => {
    const shown = await json('documents', 'show', id)
    expect(shown).toMatchObject({ id, title: 'Pools', source: expect.stringContaining('pools.md') })
    for (const chunk of shown.chunk_list) {
      expect(shown.content.slice(chunk.start_offset, chunk.end_offset)).toBe(chunk.content)
    }
    expect((await cli(['documents', 'show', id])).stdout).toContain('To close the pool, call end.')
  })
  it('documents reembed fills one model, embeddings tells', async () => {
    const report = await json('documents', 'reembed', id, '--model', lexical)
    expect(report).toMatchObject({ document_id: id, model_name: lexical, present: 0 })
    expect(report.embedded + report.reused).toBeGreaterThan(0)
    const again = await json('documents', 'reembed', id, '--model', lexical)
    expect(again).toMatchObject({ embedded: 0, reused: 0 })
    const { chunks, models } = await json('documents', 'embeddings', id)
    const byName = Object.fromEntries(
      models.map((model: { model_name: string }) => [model.model_name, model]),
    )
    expect(byName[lexical]).toMatchObject({ dimension: 256, embeddings: chunks, coverage: 1 })
    expect(byName[bundled]).toMatchObject({ dimension: 512, embeddings: chunks, coverage: 1 })
  })
  it('a search with a model that knows little says so', async () => {
    const answer = await json('search', 'pool', '--model', lexical)
    expect(answer.coverage[lexical]).toBeGreaterThan(0)
    expect(answer.coverage[lexical]).toBeLessThan(1)
    expect((await cli(['search', 'pool', '--model', lexical])).stdout).toMatch(/Coverage \d/)
  })
  it('several models in one search', async () => {
    const both = await json('search', 'close the pool', '--models', `${bundled},${lexical}`)
    expect(both).toMatchObject({ models: [bundled, lexical], aggregation: 'union' })
    expect(Object.keys(both.hits[0].models)).toEqual(expect.arrayContaining([bundled, lexical]))
    const common = await json(
      'search',
      'close the pool',
      '--models',
      `${bundled},${lexical}`,
      '--aggregation',
      'intersection',
    )
    expect(common.aggregation).toBe('intersection')
    for (const hit of common.hits) expect(Object.keys(hit.models)).toHaveLength(2)
  })
  it('documents remove takes it away', async () => {
    expect(await json('documents', 'remove', id)).toEqual({ document_id: id, removed: true })
    expect(await refusal('documents', 'show', id)).toMatchObject({ exit: 2, error: { code: 'NOT_FOUND' } })
    expect(await refusal('documents', 'remove', 'not-an-id')).toMatchObject({ exit: 2 })
  })
})

describe('migrate run', () => {
  it('moves everything, switches, and can be run again', async () => {
    const moved = await json('migrate', 'run', '--from', bundled, '--to', lexical)
    expect(moved).toMatchObject({ source_model: bundled, target_model: lexical, model_name: lexical })
    expect(moved.done_chunks).toBe(moved.total_chunks)
    expect(moved.embedded + moved.reused).toBe(moved.total_chunks - moved.present)
    const answer = await json('search', 'yeast and flour')
    expect(answer).toMatchObject({ models: [lexical], coverage: { [lexical]: 1 } })
    expect(answer.hits[0].title).toBe('Bread')
  })
  it('is undone by models use, at once and completely', async () => {
    expect(await json('models', 'use', bundled)).toEqual({ from: lexical, to: bundled })
    expect(await refusal('models', 'remove', lexical)).toMatchObject({
      exit: 3,
      error: { code: 'CONSENT_MISSING' },
    })
    expect(await json('search', 'yeast and flour')).toMatchObject({
      models: [bundled],
      coverage: { [bundled]: 1 },
    })
  })
})

describe('backup', () => {
  it('comes back row for row, in an empty folder without asking and in a full one with consent', async () => {
    const file = join(dir, 'backup.file')
    const written = await json('db', 'backup', file)
    expect(written.bytes).toBeGreaterThan(0)
    const other = join(dir, 'other')
    const restored = await json('db', 'restore', file, '--data-dir', other)
    expect(restored.tables).toEqual(written.tables)
    const [before, after] = [await json('db', 'status'), await json('db', 'status', '--data-dir', other)]
    expect({ ...after, models: [] }).toEqual({ ...before, models: [] })
    expect((await json('search', 'yeast', '--data-dir', other)).hits[0].title).toBe('Bread')

    expect(await refusal('db', 'restore', file, '--data-dir', other)).toMatchObject({
      exit: 3,
      error: { code: 'CONSENT_MISSING' },
    })
    expect((await json('db', 'restore', file, '--data-dir', other, '--yes')).tables).toEqual(written.tables)
    expect((await refusal('db', 'backup', file)).exit).not.toBe(0)
    expect((await json('db', 'backup', file, '--overwrite')).tables).toEqual(written.tables)
  })
  it('a rollback needs a yes', async () => {
    expect(await refusal('db', 'rollback')).toMatchObject({ exit: 3, error: { code: 'CONSENT_MISSING' } })
  })
})

describe('logs', () => {
  it('go to a folder as JSON lines when asked for', async () => {
    const logs = join(dir, 'logs')
    const { code, stdout } = await cli(['search', 'yeast', '--json', '--log-dir', logs])
    expect(code).toBe(0)
    JSON.parse(stdout)
    const lines = readFileSync(join(logs, 'revector.log'), 'utf8').trimEnd().split('\n')
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ level: 'info', msg: 'Command started.' })
  })
  it('go to standard error with --verbose, and leave standard output pure', async () => {
    const forPeople = await cli(['search', 'yeast', '--verbose'])
    expect(forPeople.stdout).not.toContain('Command started')
    expect(forPeople.stderr).toMatch(/^\d\d:\d\d:\d\d info {2}Command started\./)
    const { stdout, stderr } = await cli(['search', 'yeast', '--json', '--verbose'])
    JSON.parse(stdout)
    const lines = stderr.trimEnd().split('\n')
    expect(lines.map((line) => JSON.parse(line).msg)).toContain('Command started.')
  })
})
