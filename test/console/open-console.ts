import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { inject, vi } from 'vitest'

/** Milliseconds. A service, an embedded database and a browser on a machine that does other things, too. */
export const patience = 180_000
vi.setConfig({ testTimeout: 2 * patience, hookTimeout: 2 * patience })

const program = fileURLToPath(new URL('../../bin/revector.js', import.meta.url))

/** The service as people start it, on an embedded database of its own, and a browser before it. */
export interface OpenConsole {
  readonly url: string
  readonly browser: Browser
  call<T = unknown>(method: string, path: string, body?: unknown): Promise<T>
  /** A page whose faults are noted: errors of scripts, of the policy, and requests elsewhere. */
  page(options?: Parameters<Browser['newContext']>[0]): Promise<Watched>
  /** As a crash would. */
  kill(): Promise<void>
  /** At the same address again. */
  restart(): Promise<void>
  close(): Promise<void>
}

export interface Watched {
  readonly page: Page
  readonly context: BrowserContext
  readonly faults: string[]
  go(place: string): Promise<void>
}

export async function openConsole(serve: object = {}): Promise<OpenConsole> {
  const folder = await mkdtemp(join(tmpdir(), 'revector-console-'))
  // On a machine that does other things, too, a service that falls behind is no fault.
  const config = { serve: { maxEventLoopDelayMs: 0, ...serve } }
  await writeFile(join(folder, 'config.json'), JSON.stringify(config))
  let service = await startService(folder, 0)
  const { url } = service
  const kill = async (): Promise<void> => {
    const ended = once(service.child, 'exit')
    service.child.kill('SIGKILL')
    await ended
  }
  const browser = await chromium
    .launch({
      executablePath: inject('browser') ?? '',
      args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
      timeout: patience,
    })
    .catch(async (error: unknown) => {
      await kill()
      throw error
    })
  return {
    url,
    browser,
    call: (method, path, body) => call(url, method, path, body),
    page: (options) => watched(browser, url, options),
    kill,
    async restart() {
      service = await startService(folder, Number(new URL(url).port))
    },
    async close() {
      await browser.close()
      if (service.child.exitCode === null && service.child.signalCode === null) await kill()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function startService(folder: string, port: number): Promise<{ child: ChildProcess; url: string }> {
  const { PATH = '', HOME = '' } = process.env
  const child = spawn(
    process.execPath,
    [program, 'serve', '--port', String(port), '--json', '--quiet', ...places(folder)],
    { env: { PATH, HOME }, stdio: ['ignore', 'pipe', 'pipe'] },
  )
  let said = ''
  let complaint = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint += text
  })
  child.stdout.setEncoding('utf8')
  for await (const text of child.stdout) {
    said += text
    const found = /"url":\s*"([^"]+)"/.exec(said)
    if (found?.[1] === undefined) continue
    child.stdout.resume()
    return { child, url: found[1] }
  }
  throw new Error(`The service did not start: ${complaint}`)
}

const places = (folder: string): readonly string[] => [
  '--data-dir',
  join(folder, 'data'),
  '--config',
  join(folder, 'config.json'),
]

async function call<T>(url: string, method: string, path: string, body?: unknown): Promise<T> {
  const form = body instanceof FormData
  const response = await fetch(`${url}/api/v1/${path}`, {
    method,
    ...(body === undefined ? {} : { body: form ? body : JSON.stringify(body) }),
    headers: body === undefined || form ? {} : { 'content-type': 'application/json' },
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`)
  return (text === '' ? undefined : JSON.parse(text)) as T
}

async function watched(
  browser: Browser,
  url: string,
  options: Parameters<Browser['newContext']>[0] = {},
): Promise<Watched> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options })
  context.setDefaultTimeout(patience)
  const page = await context.newPage()
  const faults: string[] = []
  page.on('pageerror', (error) => faults.push(`error: ${error.message}`))
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning')
      faults.push(`console: ${message.text()} ${message.location().url}`)
  })
  page.on('request', (request) => {
    if (!request.url().startsWith(url)) faults.push(`request: ${request.url()}`)
  })
  return {
    page,
    context,
    faults,
    async go(place) {
      await page.goto(`${url}/#/${place}`)
      await page.locator('main h1').waitFor()
    },
  }
}

/** Texts that are told apart easily, as one upload. */
export function documents(): FormData {
  const form = new FormData()
  for (const [name, text] of Object.entries(texts)) {
    form.append('files', new Blob([text], { type: 'text/markdown' }), name)
  }
  return form
}

const paragraphs = (subject: string, facts: readonly string[]): string =>
  `# ${subject}\n\n${facts.map((fact, at) => `## ${subject}, part ${at + 1}\n\n${`${fact} `.repeat(6).trim()}`).join('\n\n')}\n`

const texts: Readonly<Record<string, string>> = {
  'tea.md': paragraphs('Tea', [
    'Green tea is not fermented, and is brewed with water that does not boil.',
    'Black tea is fermented for some hours before it is dried.',
    'Oolong tea stands between green tea and black tea.',
  ]),
  'bicycles.md': paragraphs('Bicycles', [
    'The chain of a bicycle is oiled every few hundred kilometres.',
    'The brake pads of a bicycle are replaced when they are worn.',
    'A bicycle that stands in the rain rusts at its chain first.',
  ]),
  'keys.md': paragraphs('Signing keys', [
    'The signing key is rotated every ninety days.',
    'Old signing keys stay valid for one week after the rotation.',
    'A signing key that was lost is revoked at once by the operator.',
  ]),
}
