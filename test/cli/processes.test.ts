import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { writeManyFiles } from './corpus.ts'
import { runCli, startCli } from './run-cli.ts'

vi.setConfig({ testTimeout: 240_000 })

let dir: string
let many: string
const files = 600
// Fast, so that the time goes into files, not into one model's arithmetic.
const model = ['--model', 'lexical-hash-256']
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'revector-processes-'))
  many = writeManyFiles(dir, files)
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

describe('an ingest that is interrupted', () => {
  it('ends on Ctrl-C with 130, and goes on later', async () => {
    const ingest = startCli(['ingest', many, ...model, '--verbose'], { cwd: dir })
    await ingest.sees(/note-\d+\.md: added/)
    ingest.child.kill('SIGINT')
    const stopped = await ingest.finished
    expect(stopped.code).toBe(130)
    expect(stopped.stderr).toContain('Stopping after the current batch.')
    expect(stopped.stderr).toMatch(/error: .*kept/)
    expect(stopped.stdout).toBe('')

    const { documents } = (await runCli(['db', 'status', '--json'], { cwd: dir })).json()
    expect(documents).toBeGreaterThan(0)
    expect(documents).toBeLessThan(files)
    const rest = (await runCli(['ingest', many, ...model, '--json'], { cwd: dir })).json()
    expect(rest).toMatchObject({ documents: files - documents, unchanged: documents, failed: [] })
  })

  it('a second Ctrl-C ends it at once, and the folder can still be opened', async () => {
    const data = join(dir, 'twice')
    const ingest = startCli(['ingest', many, ...model, '--verbose', '--data-dir', data], { cwd: dir })
    await ingest.sees(/note-\d+\.md: added/)
    ingest.child.kill('SIGINT')
    await ingest.sees(/Stopping after the current batch/)
    ingest.child.kill('SIGINT')
    expect((await ingest.finished).code).toBe(130)
    const status = await runCli(['db', 'status', '--json', '--data-dir', data], { cwd: dir })
    expect(status.code).toBe(0)
  })
})

describe('a folder in use', () => {
  it('is refused to a second process', async () => {
    const data = join(dir, 'worked-on')
    await runCli(['db', 'init', '--data-dir', data], { cwd: dir })
    const worker = startCli(['worker', '--data-dir', data, '--verbose'], { cwd: dir })
    await worker.sees(/Waiting for work/)
    const second = await runCli(['db', 'status', '--json', '--data-dir', data], { cwd: dir })
    expect(second.code).toBe(3)
    expect(second.json().error.code).toBe('FOLDER_IN_USE')
    worker.child.kill('SIGINT')
    expect((await worker.finished).code).toBe(130)
    expect((await runCli(['db', 'status', '--json', '--data-dir', data], { cwd: dir })).code).toBe(0)
  })
})

describe('a reader that goes away', () => {
  it('is nothing to complain about', async () => {
    const program = fileURLToPath(new URL('../../bin/revector.js', import.meta.url))
    const { PATH, HOME } = process.env
    const child = spawn(process.execPath, [program, 'documents', 'list', '--limit', '1000'], {
      cwd: dir,
      env: { PATH, HOME },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let stderr = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
    })
    child.stdout.destroy()
    const [code] = await once(child, 'close')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  })
})
