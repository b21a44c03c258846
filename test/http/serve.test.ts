import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { startCli } from '../cli/run-cli.ts'
import { temporaryFolder } from '../support/engines.ts'

vi.setConfig({ testTimeout: 120_000 })

describe('revector serve', () => {
  it('says where it is, answers, and ends in order', async () => {
    const cwd = await temporaryFolder()
    const serve = startCli(['serve', '--port', '0', '--data-dir', join(cwd, 'data')], { cwd })
    const url = await said(serve.child, /Revector is at (http:\/\/127\.0\.0\.1:\d+)/)
    expect((await patient(`${url}/readyz`)).status).toBe(200)
    const status = (await (await patient(`${url}/api/v1/status`)).json()) as {
      worker: unknown
      engine: string
    }
    expect(status).toMatchObject({ engine: 'embedded', worker: { running: true } })
    serve.child.kill('SIGTERM')
    const { code, stdout } = await serve.finished
    expect(code).toBe(0)
    expect(stdout).toMatch(/reference\s+http.*\/docs/)
  })

  it('with --json prints one document when it is ready', async () => {
    const cwd = await temporaryFolder()
    const serve = startCli(
      ['serve', '--port', '0', '--no-worker', '--json', '--data-dir', join(cwd, 'data')],
      { cwd },
    )
    const url = await said(serve.child, /"url":"([^"]+)"/)
    serve.child.kill('SIGINT')
    expect((await serve.finished).json()).toMatchObject({ url, docs: `${url}/docs`, worker: false })
  })

  it('listens to other machines only with a key', async () => {
    const cwd = await temporaryFolder()
    const where = ['--data-dir', join(cwd, 'data')]
    const open = await startCli(['serve', '--host', '0.0.0.0', '--port', '0', '--json', ...where], { cwd })
      .finished
    expect(open.code).not.toBe(0)
    expect(open.json().error).toMatchObject({ code: 'KEY_REQUIRED', host: '0.0.0.0' })
    const made = await startCli(['keys', 'create', 'first', '--scope', 'read', '--json', ...where], { cwd })
      .finished
    expect(made.code).toBe(0)
    const serve = startCli(['serve', '--host', '0.0.0.0', '--port', '0', ...where], { cwd })
    const port = await said(serve.child, /Revector is at http:\/\/localhost:(\d+)/)
    const url = `http://127.0.0.1:${port}`
    expect((await patient(`${url}/api/v1/models`)).status).toBe(401)
    const headers = { authorization: `Bearer ${made.json().key}` }
    expect((await patient(`${url}/api/v1/models`, { headers })).status).toBe(200)
    serve.child.kill('SIGTERM')
    expect((await serve.finished).code).toBe(0)
  })

  it('says when its port is taken', async () => {
    const cwd = await temporaryFolder()
    const other = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => other.once('listening', resolve))
    const { port } = other.address() as AddressInfo
    const serve = startCli(['serve', '--port', String(port), '--json', '--data-dir', join(cwd, 'data')], {
      cwd,
    })
    const { code, json } = await serve.finished
    other.close()
    expect(code).toBe(2)
    expect(json().error).toMatchObject({ code: 'CONFIG_INVALID', port })
    expect(json().error.message).toContain('another program uses it')
  })
})

describe('npm start', () => {
  it('serves a folder of its own, whatever database the environment names', async () => {
    const cwd = await temporaryFolder()
    const script = fileURLToPath(new URL('../../scripts/start.mjs', import.meta.url))
    const { PATH, HOME } = process.env
    const child = spawn(process.execPath, [script, '--port', '0'], {
      cwd,
      env: { PATH, HOME, DATABASE_URL: 'postgresql://nobody@127.0.0.1:1/none' },
    })
    onTestFinished(() => void child.kill('SIGKILL'))
    const url = await said(child, /Revector is at (http:\/\/127\.0\.0\.1:\d+)/)
    expect(await (await patient(`${url}/api/v1/status`)).json()).toMatchObject({ engine: 'embedded' })
    expect(existsSync(join(cwd, '.revector'))).toBe(true)
    child.kill('SIGINT')
    expect(await once(child, 'exit')).toEqual([0, null])
  })

  it('ends in order with npm, however that ends, and gives up its port and folder', async () => {
    const dataDir = join(await temporaryFolder(), 'data')
    let port = '0'
    const ends: readonly [how: string, send: (npm: number) => void][] = [
      ['SIGTERM to npm', (npm) => process.kill(npm, 'SIGTERM')],
      ['SIGINT to npm', (npm) => process.kill(npm, 'SIGINT')],
      ['SIGINT to its group, as a terminal sends it', (npm) => process.kill(-npm, 'SIGINT')],
      ['SIGKILL to npm', (npm) => process.kill(npm, 'SIGKILL')],
    ]
    // The next one starts at the same port and folder only when the last one has given them up.
    for (const [how, send] of ends) {
      const npm = spawn('npm', ['start', '--', '--port', port, '--data-dir', dataDir], {
        cwd: fileURLToPath(new URL('../..', import.meta.url)),
        detached: true,
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      const group = npm.pid ?? 0
      onTestFinished(() => killGroup(group))
      port = await said(npm, /Revector is at http:\/\/127\.0\.0\.1:(\d+)/)
      // Standard output is closed when the last process that holds it is gone.
      const closed = once(npm, 'close')
      send(group)
      await closed
      // What ends in order takes its lock away; one that was ended at once leaves it.
      expect(existsSync(join(dataDir, 'database.lock')), how).toBe(false)
    }
    await expect(fetch(`http://127.0.0.1:${port}`)).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } })
  }, 240_000)
})

function killGroup(group: number): void {
  try {
    process.kill(-group, 'SIGKILL')
  } catch {
    // All of them have ended, as they should.
  }
}

/** As a client does: comes again when it is told to. A machine that runs many tests is slow to begin. */
async function patient(url: string, init: RequestInit = {}): Promise<Response> {
  for (;;) {
    const response = await fetch(url, init)
    if (response.status !== 503) return response
    await response.text()
    await wait(1_000 * Number(response.headers.get('retry-after')))
  }
}

/** The first group of a pattern, as soon as standard output shows it. */
function said(child: ChildProcess, pattern: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    child.stdout?.on('data', (part: Buffer) => {
      text += part.toString()
      const found = pattern.exec(text)?.[1]
      if (found !== undefined) resolve(found)
    })
    child.once('exit', () => reject(new Error(`It ended before it said so: ${text}`)))
  })
}
