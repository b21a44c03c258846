// npm run screenshots: pictures of every page of the console in both themes, to docs/images. Starts the service on an
// embedded database of its own, gives it this project's documentation, moves it to another model, and looks.
// Needs Debian's chromium.
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'
import sharp from 'sharp'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const to = process.argv[2] ?? join(root, 'docs', 'images')
const program = process.env.REVECTOR_TEST_CHROMIUM ?? '/usr/bin/chromium'
if (!existsSync(program)) {
  console.error(`screenshots: there is no browser at ${program}. On Debian: apt-get install chromium`)
  process.exit(1)
}
const before = 'lexical-hash-384'
const after = 'universal-sentence-encoder-lite'
const folder = mkdtempSync(join(tmpdir(), 'revector-screenshots-'))
const service = await start()
const browser = await chromium.launch({
  executablePath: program,
  args: ['--no-sandbox', '--force-color-profile=srgb'],
})
try {
  mkdirSync(to, { recursive: true })
  await fill()
  await look()
} finally {
  await browser.close()
  service.child.kill('SIGTERM')
  await service.ended
  rmSync(folder, { recursive: true, force: true })
}

async function start() {
  const child = spawn(
    process.execPath,
    [join(root, 'bin/revector.js'), 'serve', '--port', '0', '--json', '--quiet', '--data-dir', folder],
    { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, DATABASE_URL: '' } },
  )
  const ended = new Promise((done) => child.once('exit', done))
  let said = ''
  for await (const line of createInterface({ input: child.stdout })) {
    said += line
    if (/"url"/.test(said) && line.includes('}')) break
  }
  return { child, ended, url: JSON.parse(said).url }
}

async function call(method, path, body) {
  const form = body instanceof FormData
  const response = await fetch(`${service.url}/api/v1/${path}`, {
    method,
    headers: body === undefined || form ? {} : { 'content-type': 'application/json' },
    body: body === undefined || form ? body : JSON.stringify(body),
  })
  const answer = await response.json()
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${answer.detail}`)
  return answer
}

/** The documentation, embedded with the simple model; a third one has some of it. */
async function fill() {
  await call('POST', 'models', { model_name: before })
  await call('PUT', 'models/current', { model: before, force: true })
  const names = ['README.md', 'ARCHITECTURE.md', 'src/migrate/SPEC.md']
  for (const part of ['docs/guides', 'docs/decisions']) {
    names.push(...readdirSync(join(root, part)).map((name) => join(part, name)))
  }
  const form = new FormData()
  for (const name of names.filter((name) => name.endsWith('.md'))) {
    form.append(
      'files',
      new Blob([readFileSync(join(root, name))], { type: 'text/markdown' }),
      basename(name),
    )
  }
  const { documents, chunks } = await call('POST', 'documents', form)
  console.log(`${documents} documents, ${chunks} chunks`)
  const page = await call('GET', 'documents?limit=8')
  for (const { id } of page.documents) await call('PUT', `documents/${id}/embeddings?model=lexical-hash-256`)
}

async function look() {
  const context = await browser.newContext({ viewport: { width: 1280, height: 860 }, deviceScaleFactor: 1 })
  const page = await context.newPage()
  page.on(
    'console',
    (message) => message.type() === 'error' && console.error(`in the page: ${message.text()}`),
  )
  page.on('pageerror', (error) => console.error(`in the page: ${error.message}`))

  await go(page, `migration?to=${after}`)
  await page.getByRole('button', { name: 'Show the plan' }).click()
  await page.getByText('Yes, embed').waitFor()
  await shots(page, 'migration-plan')

  await page.getByRole('checkbox', { name: /^Yes/ }).check()
  await page.getByRole('button', { name: 'Start the migration' }).click()
  await page.locator('.chart-place canvas').waitFor({ timeout: 120_000 })
  await page.waitForFunction(() => Number(document.querySelector('meter')?.value) > 0.2, null, {
    timeout: 120_000,
  })
  await page
    .getByRole('button', { name: 'Pause' })
    .click()
    .catch(() => {})
  await page.getByRole('button', { name: 'Resume' }).waitFor()
  await wait(1_500)
  await shots(page, 'migration-filling')
  await page.getByRole('button', { name: 'Resume' }).click()
  await page.getByRole('button', { name: `Cut over to ${after}` }).waitFor({ timeout: 180_000 })
  await wait(1_500)
  await page.getByRole('button', { name: `Cut over to ${after}` }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Cut over' }).click()
  await page.getByRole('button', { name: 'Roll back' }).waitFor()
  await wait(1_500)
  await shots(page, 'migration', { fullPage: true })

  await go(page, '')
  await page.locator('.note').first().waitFor()
  await wait(1_200)
  await shots(page, 'overview', { fullPage: true })

  await go(page, `search?q=Does a search miss chunks while a migration runs?&models=${after},${before}&k=8`)
  await page.mouse.move(1270, 5)
  // A level line has no height, and counts as unseen.
  await page.locator('.joins path').first().waitFor({ state: 'attached' })
  await wait(300)
  await shots(page, 'search')

  await go(page, 'documents')
  await page.locator('.document-title').first().waitFor()
  await shots(page, 'documents')
  await page
    .getByRole('link', { name: 'Searching', exact: true })
    .or(page.locator('.document-title').nth(3))
    .first()
    .click()
  await page.locator('.matrix-beads').first().waitFor()
  await page
    .locator('.chunk')
    .first()
    .hover({ position: { x: 40, y: 20 } })
  await page.evaluate(() => scrollTo(0, 0))
  await shots(page, 'document')

  await go(page, `map?models=${after},${before}`)
  await page.locator('.scatter canvas').nth(1).waitFor({ timeout: 120_000 })
  await wait(300)
  await page
    .locator('.scatter')
    .first()
    .click({ position: { x: 200, y: 250 } })
  await shots(page, 'map')

  for (const question of ['Are vectors of two models ever mixed?', 'Which files can it read?']) {
    await page.reload()
    await go(page, 'ask')
    await page.getByLabel('Question').fill(question)
    await page.getByRole('button', { name: 'Ask', exact: true }).click()
    await page.locator('.answer[aria-busy="false"]').waitFor({ timeout: 60_000 })
    if ((await page.locator('.marker').count()) > 0) break
  }
  await page.locator('.marker').first().click()
  await wait(400)
  await shots(page, 'ask')
  await context.close()
}

async function go(page, place) {
  await page.goto(`${service.url}/#/${encodeURI(place)}`)
  await page.locator('main h1').waitFor()
}

async function shots(page, name, options = {}) {
  for (const theme of ['light', 'dark']) {
    await page.evaluate((chosen) => {
      document.documentElement.dataset.theme = chosen
    }, theme)
    await page.evaluate(() => document.fonts.ready)
    await wait(250)
    const picture = await page.screenshot({ animations: 'disabled', ...options })
    // A page has few colours: a palette makes a third of it.
    await sharp(picture)
      .png({ palette: true, quality: 92, effort: 10, compressionLevel: 9 })
      .toFile(join(to, `${name}-${theme}.png`))
  }
  console.log(name)
}
