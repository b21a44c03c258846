import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import type { ProgressEvent } from '../../src/core/progress.ts'
import { logLineOf } from '../../src/logs/events.ts'
import { openLog, silentLog } from '../../src/logs/log.ts'
import { openRotatingFile } from '../../src/logs/rotating-file.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'revector-logs-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const linesIn = (file: string) => readFileSync(file, 'utf8').trimEnd().split('\n')

describe('a log', () => {
  it('writes JSON lines to a file at once', async () => {
    const log = await openLog({ level: 'warn', dir: join(dir, 'deep', 'logs') })
    log.info('Started.', { files: 3 })
    log.debug('Not for files unless asked.')
    // Nothing was flushed or closed: what a crash leaves is all of it.
    const [line, ...rest] = linesIn(join(dir, 'deep', 'logs', 'revector.log'))
    expect(rest).toEqual([])
    expect(JSON.parse(line ?? '')).toMatchObject({
      level: 'info',
      msg: 'Started.',
      files: 3,
      pid: process.pid,
    })
    expect(JSON.parse(line ?? '').time).toMatch(/^\d{4}-\d\d-\d\dT/)
    log.close()
  })

  it('keeps the file to its owner', async () => {
    const log = await openLog({ level: 'warn', dir })
    log.close()
    expect(statSync(join(dir, 'revector.log')).mode & 0o077).toBe(0)
  })

  it('loses no line of a process that ends abruptly', async () => {
    const script = `
      import { openLog } from './dist/logs/log.js'
      const log = await openLog({ level: 'debug', dir: ${JSON.stringify(dir)} })
      for (let i = 0; i < 500; i++) log.info('line', { i })
      process.kill(process.pid, 'SIGKILL')`
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'inherit' })
    expect(await once(child, 'exit')).toEqual([null, 'SIGKILL'])
    expect(linesIn(join(dir, 'revector.log')).map((line) => JSON.parse(line).i)).toEqual([
      ...Array(500).keys(),
    ])
  })

  it('writes for people on standard error, from its level on', async () => {
    let output = ''
    const log = await openLog({
      level: 'info',
      stderr: { format: 'human', write: (text) => (output += text) },
    })
    log.debug('hidden')
    log.warn('Slow.', { model: 'a b', waitMs: 5 })
    log.close()
    expect(output).toMatch(/^\d\d:\d\d:\d\d warn {2}Slow\. model="a b" waitMs=5\n$/)
  })

  it('is nothing when there is nowhere to write', async () => {
    expect(await openLog({ level: 'debug' })).toBe(silentLog)
    expect(await openLog({ level: 'silent', stderr: { format: 'json', write: () => {} } })).toBe(silentLog)
  })

  it('turns every event into a sentence', async () => {
    const events: ProgressEvent[] = [
      { type: 'ingest.started', files: null },
      { type: 'ingest.started', files: 1 },
      { type: 'ingest.document', path: 'a.md', outcome: 'added', chunks: 1 },
      { type: 'ingest.document', path: 'b.pdf', outcome: 'failed', chunks: 0 },
      { type: 'ingest.embedding', model: 'm', totalTexts: 1_200, doneTexts: 64 },
      { type: 'ingest.finished', documents: 1_200, chunks: 2, unchanged: 3, failed: 4 },
      { type: 'fill.started', model: 'm', totalChunks: 10, doneChunks: 0 },
      { type: 'fill.batch', model: 'm', totalChunks: 10, doneChunks: 5, tokens: 50 },
      { type: 'fill.finished', model: 'm', totalChunks: 10, doneChunks: 10 },
      { type: 'index.building', model: 'm', rows: 10 },
      { type: 'index.built', model: 'm', rows: 10, seconds: 1.25 },
      { type: 'model.switched', from: null, to: 'm' },
      { type: 'schema.step', revision: 2, step: 'attach', detail: '' },
      { type: 'provider.retry', model: 'm', attempt: 2, waitMs: 1_500, reason: '429' },
      { type: 'warning', message: 'careful' },
    ]
    expect(
      events.map((event) => `${logLineOf(event).level} ${logLineOf(event).message}`),
    ).toMatchInlineSnapshot(`
      [
        "info Ingesting.",
        "info Ingesting 1 file.",
        "debug a.md: added, 1 chunk.",
        "warn b.pdf could not be ingested.",
        "debug Embedding with m: 64 of 1,200 texts.",
        "info Ingested 1,200 documents (2 chunks), 3 unchanged, 4 failed.",
        "info Filling m: 0 of 10 chunks.",
        "debug Filling m: 5 of 10 chunks.",
        "info Filled m: 10 of 10 chunks.",
        "info Building the index of m over 10 vectors.",
        "info Built the index of m in 1.3 s.",
        "info Searches now use m (before: none).",
        "info Revision 2: attach",
        "warn m: attempt 2 failed (429); trying again in 1.5 s.",
        "warn careful",
      ]
    `)
    const log = await openLog({ level: 'debug', dir })
    for (const event of events) log.event(event)
    log.close()
    expect(linesIn(join(dir, 'revector.log')).map((line) => JSON.parse(line).event)).toEqual(events)
  })
})

describe('rotation', () => {
  const options = () => ({ dir, name: 'revector', maxBytes: 100, maxFiles: 3 })
  const setAside = () =>
    readdirSync(dir)
      .filter((file) => file !== 'revector.log' && file.startsWith('revector-'))
      .sort()
  const line = (n: number) => `${String(n).padStart(9, '0')}\n`

  it('sets the file aside before it grows past its size, and keeps the newest', () => {
    const file = openRotatingFile(options())
    for (let i = 0; i < 75; i++) file.write(line(i))
    file.close()
    expect(setAside()).toHaveLength(3)
    const kept = [...setAside(), 'revector.log'].flatMap((name) => linesIn(join(dir, name)).map(Number))
    expect(kept).toEqual([...Array(35).keys()].map((i) => i + 40))
    for (const name of setAside()) expect(statSync(join(dir, name)).size).toBeLessThanOrEqual(100)
  })

  it('keeps the newest of those set aside within one millisecond', () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    onTestFinished(() => void vi.useRealTimers())
    const file = openRotatingFile(options())
    for (let i = 0; i < 75; i++) file.write(line(i))
    file.close()
    const kept = [...setAside(), 'revector.log'].flatMap((name) => linesIn(join(dir, name)).map(Number))
    expect(kept).toEqual([...Array(35).keys()].map((i) => i + 40))
  })

  it('writes a line longer than the size whole', () => {
    const file = openRotatingFile(options())
    file.write('a\n')
    file.write(`${'x'.repeat(500)}\n`)
    file.write('b\n')
    file.close()
    expect(setAside()).toHaveLength(2)
    expect(linesIn(join(dir, 'revector.log'))).toEqual(['b'])
  })

  it('goes on with the file of the last run', () => {
    for (const text of ['a\n', 'b\n']) {
      const file = openRotatingFile(options())
      file.write(text)
      file.close()
    }
    expect(linesIn(join(dir, 'revector.log'))).toEqual(['a', 'b'])
  })

  it('follows when another process has set the file aside', () => {
    const one = openRotatingFile({ ...options(), maxFiles: 50 })
    const two = openRotatingFile({ ...options(), maxFiles: 50 })
    for (let i = 0; i < 50; i++) (i % 2 === 0 ? one : two).write(line(i))
    one.close()
    two.close()
    const all = [...setAside(), 'revector.log'].flatMap((name) => linesIn(join(dir, name)).map(Number))
    expect(all.sort((a, b) => a - b)).toEqual([...Array(50).keys()])
  })

  it('survives the folder being cleaned up under it', () => {
    const file = openRotatingFile(options())
    file.write(line(1))
    rmSync(file.path)
    for (let i = 0; i < 12; i++) file.write(line(i))
    file.close()
    expect(existsSync(file.path)).toBe(true)
  })

  it('leaves files alone that are not its own', async () => {
    const { writeFileSync } = await import('node:fs')
    writeFileSync(join(dir, 'revector-notes.log'), 'mine')
    const file = openRotatingFile({ ...options(), maxFiles: 1 })
    for (let i = 0; i < 60; i++) file.write(line(i))
    file.close()
    expect(readFileSync(join(dir, 'revector-notes.log'), 'utf8')).toBe('mine')
  })
})
