import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runCli } from './run-cli.ts'

let dir: string
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'revector-usage-'))
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

const groups = {
  db: ['init', 'status', 'run', 'setup-models', 'rollback', 'backup', 'restore'],
  models: ['list', 'add', 'use', 'fill', 'remove'],
  keys: ['create', 'list', 'revoke'],
  documents: ['list', 'show', 'embeddings', 'reembed', 'remove'],
  migrate: [
    ...[
      'plan',
      'start',
      'run',
      'status',
      'list',
      'events',
      'quarantine',
      'pause',
      'resume',
      'retry',
      'cancel',
    ],
    ...['verify', 'cutover', 'rollback', 'retire'],
  ],
}

describe('help', () => {
  it('is shown by revector alone, on standard output', async () => {
    const { code, stdout, stderr } = await runCli([])
    expect([code, stderr]).toEqual([0, ''])
    for (const name of ['ingest', 'search', 'worker', 'doctor', ...Object.keys(groups)])
      expect(stdout).toMatch(new RegExp(`^  ${name}\\b`, 'm'))
    expect(stdout).toContain('Exit codes:')
  })
  it.each(Object.entries(groups))('of %s names its commands', async (group, verbs) => {
    const { code, stdout } = await runCli([group, '--help'])
    expect(code).toBe(0)
    for (const verb of verbs) expect(stdout).toMatch(new RegExp(`^  ${verb}\\b`, 'm'))
  })
  it('of a command names its own options and the global ones', async () => {
    const { code, stdout } = await runCli(['help', 'search'])
    expect(code).toBe(0)
    for (const flag of ['--models', '--aggregation', '--top-k', '--where', '--database-url', '--no-color'])
      expect(stdout).toContain(flag)
  })
  it('is one JSON document with --json', async () => {
    const { code, json } = await runCli(['--help', '--json'])
    expect(code).toBe(0)
    expect(json().help).toContain('Usage: revector')
  })
  it('--version is the package’s', async () => {
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
    expect((await runCli(['--version'])).stdout).toBe(`${version}\n`)
  })
})

describe('wrong usage ends with 2 and a sentence', () => {
  it.each([
    [['serch', 'x'], "Unknown command 'serch'.", 'Did you mean search?'],
    [['db'], 'revector db: expected one of init, status', 'revector db --help'],
    [['search'], "Missing required argument 'query'.", '--help'],
    [
      ['search', 'how', 'do', 'I'],
      "Too many arguments for 'search'.",
      'Put the question in quotes: revector search "',
    ],
    [
      ['ask', 'how', 'do', 'I'],
      "Too many arguments for 'ask'.",
      'Put the question in quotes: revector ask "',
    ],
    [['search', 'x', '--foo'], "Unknown option '--foo'.", ''],
    [['migrate', 'run', '--from', 'a'], "Required option '--to <model>' not specified.", ''],
    [['search', 'x', '--top-k', '0'], '--top-k: expected a whole number from 1 to 1,000, got "0".', ''],
    [['search', 'x', '--top-k', '1.5'], 'got "1.5"', ''],
    [['search', 'x', '--top-k', ''], 'got ""', ''],
    [['search', 'x', '--serve', 'all'], '--serve: expected one of source, target, both, got "all".', ''],
    [['search', 'x', '--serve', 'both', '--model', 'm'], '--serve both and a model were both given', ''],
    [['migrate', 'plan'], "Required option '--to <model>' not specified.", ''],
    [
      ['migrate', 'start', '--to', 'b', '--rollback-window', 'long'],
      'a time such as 30m, 12h or 7d, got "long"',
      '',
    ],
    [['migrate', 'start', '--to', 'b', '--budget-usd', '-1'], 'an amount of at least 0, got "-1"', ''],
    [['migrate', 'verify', '--override', 'luck'], '--override: expected one of coverage,', ''],
    [['worker', '--concurrency', '0'], 'from 1 to 100, got "0"', ''],
    [['search', 'x', '--min-score', 'high'], '--min-score: expected a number, got "high".', ''],
    [['search', 'x', '--after', 'yesterday'], '--after: expected a date such as', ''],
    [['search', 'x', '--before', '2026-02-31x'], 'got "2026-02-31x"', ''],
    [['search', 'x', '--where', 'lang'], '--where: expected key=value, got "lang".', ''],
    [['search', 'x', '--models', 'a,,b'], '--models: expected names separated by commas', ''],
    [['search', 'x', '--models', 'a,b', '--aggregation', 'both'], 'expected one of union, intersection', ''],
    [['models', 'add', 'm', '--dimension', '16001'], 'from 1 to 16,000, got "16001"', ''],
    [['models', 'add', 'm', '--provider', 'acme'], 'expected one of openai, openai-compatible', ''],
    [['documents', 'list', '--limit', '-1'], 'from 1 to 1,000', ''],
    [['db', 'run', '--to', 'x'], '--to: expected a whole number of at least 1', ''],
  ])('%j', async (args, message, hint) => {
    const { code, stdout, stderr } = await runCli(args)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(/^error: .*\n hint: .*\n$/)
    expect(stderr).toContain(message)
    expect(stderr).toContain(hint)
  })

  it.each([
    [['--json', 'serch']],
    [['search', '--json']],
    [['search', 'x', '--top-k', 'many', '--json']],
    [['db', '--json']],
  ])('%j is one JSON document', async (args) => {
    const { code, stderr, json } = await runCli(args)
    expect({ code, stderr }).toEqual({ code: 2, stderr: '' })
    expect(json()).toEqual({
      error: expect.objectContaining({
        code: 'INVALID_INPUT',
        message: expect.stringMatching(/\.$/),
        hint: expect.stringMatching(/./),
      }),
    })
  })
})

describe('options of every command', () => {
  it('are taken before the command and after it', async () => {
    const missing = join(dir, 'no.json')
    for (const args of [
      ['--config', missing, '--json', 'db', 'status'],
      ['db', 'status', '--json', '--config', missing],
      ['db', '--json', 'status', '--config', missing],
    ]) {
      const { code, json } = await runCli(args)
      expect(code).toBe(2)
      expect(json().error.code).toBe('CONFIG_INVALID')
    }
  })
  it('do not contradict each other', async () => {
    const both = await runCli(['db', 'status', '--database-url', 'postgres://h/d', '--data-dir', dir])
    expect([both.code, both.stderr]).toEqual([2, expect.stringContaining('expected one')])
    const models = await runCli([
      'search',
      'x',
      '--model',
      'a',
      '--models',
      'b,c',
      '--data-dir',
      join(dir, 'none'),
    ])
    expect([models.code, models.stderr]).toEqual([2, expect.stringContaining('--model and --models')])
  })
  it('a folder that is named wins over a server in the environment', { timeout: 120_000 }, async () => {
    const env = { DATABASE_URL: 'postgres://u:p@127.0.0.1:1/nowhere' }
    const { code, json } = await runCli(['db', 'status', '--json', '--data-dir', join(dir, 'data')], { env })
    expect(code).toBe(0)
    expect(json().engine).toBe('embedded')
    const server = await runCli(['db', 'status', '--json'], { env })
    expect(server.json().error.code).toBe('DATABASE_UNREACHABLE')
  })
  it('a wrong option in the configuration is one sentence', async () => {
    const file = join(dir, 'wrong.json')
    writeFileSync(file, '{"poolSize": "ten"}')
    const { code, stderr } = await runCli(['db', 'status', '--config', file])
    expect(code).toBe(2)
    expect(stderr).toMatch(/^error: Option poolSize: /)
  })
  it('an option that does not exist is named', async () => {
    const file = join(dir, 'unknown.json')
    writeFileSync(file, '{"serve": {"prot": 8080}}')
    const { code, stderr } = await runCli(['db', 'status', '--config', file])
    expect(code).toBe(2)
    expect(stderr).toContain('There is no option "serve.prot".')
    expect(stderr).toContain(file)
  })
  it('a wrong DATABASE_URL is told what a right one looks like', async () => {
    const { code, stderr } = await runCli(['db', 'status'], { env: { DATABASE_URL: 'localhost' } })
    expect(code).toBe(2)
    expect(stderr).toContain('expected postgresql://user:password@host:port/database')
    expect(stderr).toContain('Correct it where it was given (DATABASE_URL')
  })
  it('a log folder that cannot be written to is wrong usage, not a fault', async () => {
    const file = join(dir, 'a-file')
    writeFileSync(file, '')
    const { code, stderr } = await runCli(['db', 'status', '--log-dir', join(file, 'logs')])
    expect(code).toBe(2)
    expect(stderr).toMatch(/^error: The log folder .* cannot be written to: /)
    expect(stderr).toContain('REVECTOR_LOG_DIR')
  })
  it('a password in a URL is not repeated', async () => {
    const { stdout, stderr } = await runCli([
      'db',
      'status',
      '--json',
      '--verbose',
      '--database-url',
      'mysql://u:hunter2@h/d',
    ])
    expect(stdout + stderr).not.toContain('hunter2')
  })
})
