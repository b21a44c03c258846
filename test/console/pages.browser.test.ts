import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { seriousFindings } from './check-page.ts'
import { documents, type OpenConsole, openConsole, patience, type Watched } from './open-console.ts'

const second = 'lexical-hash-384'

describe('the pages of the console', () => {
  let service: OpenConsole
  let watched: Watched

  beforeAll(async () => {
    service = await openConsole()
    watched = await service.page()
  })
  afterAll(() => service.close())

  it('say what to do while there is nothing yet', async () => {
    const { page, go } = watched
    for (const [place, words] of [
      ['', 'Nothing to search yet'],
      ['search', 'Nothing to search yet'],
      ['migration', 'Nothing to migrate yet'],
      ['documents', 'No documents yet'],
      ['map', 'Not enough chunks'],
      ['ask', 'No documents to ask about yet'],
      ['elsewhere', 'Page not found'],
    ] as const) {
      await page.goto(`${service.url}/#/${place}`)
      await page.getByRole('heading', { name: words }).waitFor()
      expect(await seriousFindings(page), place).toEqual([])
    }
    await go('')
    expect(await page.title()).toBe('Overview · Revector')
  })

  it('documents: files are uploaded, with what became of each', async () => {
    const { page, go } = watched
    await go('documents')
    await page.locator('input[type=file]').setInputFiles([
      {
        name: 'tides.md',
        mimeType: 'text/markdown',
        buffer: Buffer.from(
          '# Tides\n\nThe tide rises **twice** a day.\n\n## Spring tides <img src=x onerror=alert(1)>\n\nA `spring tide` is the highest one, at new moon and full moon.\n',
        ),
      },
      { name: 'broken.pdf', mimeType: 'application/pdf', buffer: Buffer.from('%PDF-1.7 and nothing more') },
    ])
    const report = page.getByRole('list', { name: 'Results of the upload' })
    await report.getByText('tides.md').waitFor()
    expect(await report.locator('[data-outcome=added]').count()).toBe(1)
    expect(await report.locator('[data-outcome=failed]').count()).toBe(1)
    await page.getByRole('link', { name: 'Tides', exact: true }).waitFor()
    expect(await seriousFindings(page)).toEqual([])
    // The rest of the corpus, and a second model that has all of it but one document.
    await service.call('POST', 'models', { model_name: second })
    await service.call('POST', 'documents', documents())
    const listed = await service.call<{ documents: { id: string }[] }>('GET', 'documents')
    for (const { id } of listed.documents.slice(1)) {
      await service.call('PUT', `documents/${id}/embeddings?model=${second}`)
    }
  })

  it('documents: a title is sought, a text is shown with its chunks, a missing vector is made', async () => {
    const { page, go } = watched
    await go('')
    await go('documents')
    await page.getByRole('link', { name: 'Tea', exact: true }).waitFor()
    await page.getByRole('searchbox').fill('tid')
    await page.getByRole('link', { name: 'Tea', exact: true }).waitFor({ state: 'detached' })
    await page.getByRole('link', { name: 'Tides', exact: true }).click()
    await page.getByRole('heading', { level: 1, name: 'Tides' }).waitFor()
    const chunks = await page.locator('.chunk').count()
    expect(chunks).toBeGreaterThan(0)
    expect(((await page.locator('.marked').textContent()) ?? '').replaceAll(/\s+/g, ' ')).toContain(
      'at new moon and full moon.',
    )
    // Of Markdown, what it means; of anything else, text.
    expect(await page.locator('.marked strong').textContent()).toBe('twice')
    expect(await page.locator('.marked code').textContent()).toBe('spring tide')
    expect(await page.locator('.marked img').count()).toBe(0)
    expect(await page.locator('.marked').textContent()).toContain('<img src=x onerror=alert(1)>')
    const others = page.getByText('without vectors of this document')
    await others.click()
    await page.getByRole('button', { name: `Embed it with ${second}` }).click()
    const row = page.locator('.matrix > li').filter({ hasText: second })
    await row.waitFor()
    expect(await row.locator('[data-on=true]').count()).toBe(chunks)
    expect(await seriousFindings(page)).toEqual([])
  })

  it('overview: models are lanes that say what they cover', async () => {
    const { page, go } = watched
    await go('')
    const lanes = page.getByRole('region', { name: 'Models' })
    await lanes.getByRole('heading', { name: 'universal-sentence-encoder-lite' }).waitFor()
    const covered = lanes.getByRole('meter', { name: `Coverage of ${second}` })
    expect(await covered.getAttribute('value')).toBe('1')
    await page.getByText('Nothing needs attention').waitFor()
    expect(await seriousFindings(page)).toEqual([])
  })

  it('overview: a model is added', async () => {
    const { page, go } = watched
    await go('')
    await page.getByRole('button', { name: 'Add a model' }).click()
    const dialog = page.getByRole('dialog', { name: 'Add a model' })
    await dialog.getByLabel('Name', { exact: true }).fill('text-embedding-4-none')
    await dialog.getByRole('button', { name: 'Add model' }).click()
    await dialog.getByRole('alert').waitFor()
    expect(await seriousFindings(page)).toEqual([])
    await dialog.getByLabel('Name', { exact: true }).fill('lexical-hash-512')
    await dialog.getByText('A model that is not in the catalogue').click()
    await dialog.getByRole('combobox', { name: /^Provider/ }).selectOption('lexical-hash')
    await dialog.getByLabel('Dimensions').fill('512')
    await dialog.getByRole('button', { name: 'Add model' }).click()
    await dialog.waitFor({ state: 'detached' })
    await page.getByText('lexical-hash-512').first().waitFor()
    // The first try was refused, which the browser notes by itself.
    watched.faults.splice(
      0,
      watched.faults.length,
      ...watched.faults.filter((fault) => !/status of 4\d\d/.test(fault)),
    )
  })

  it('search: two models side by side, joined where they agree', async () => {
    const { page, go } = watched
    await go('search')
    await page.getByRole('searchbox').fill('How long does an old signing key stay valid?')
    await page.getByLabel(second).check()
    await page.getByRole('button', { name: 'Search' }).click()
    await page.locator('.joins path').first().waitFor({ state: 'attached' })
    expect(await page.locator('.column').count()).toBe(2)
    await page.getByText(/overlap@8/).waitFor()
    const ids = await page
      .locator('.column')
      .evaluateAll((columns) =>
        columns.map((column) =>
          [...column.querySelectorAll<HTMLElement>('.hit')].map((hit) => hit.dataset['chunk']),
        ),
      )
    const both = (ids[0] ?? []).filter((id) => ids[1]?.includes(id))
    expect(await page.locator('.joins path').count()).toBe(both.length)
    expect(await page.locator('.overlaps dd').textContent()).toContain(`${both.length} of`)
    await page.getByText('Query plans').click()
    expect(await page.locator('.plans pre').count()).toBe(2)
    expect(await seriousFindings(page)).toEqual([])

    await page.getByLabel('Any model (union)').check()
    await page.locator('.fused-row').first().waitFor()
    expect(await seriousFindings(page)).toEqual([])
    await page.getByText('Filters', { exact: true }).click()
    await page.getByLabel('Title contains').fill('tea')
    // The models are polled every ten seconds, and the form is drawn again: what was typed stays.
    await page.waitForResponse((response) => response.url().endsWith('/api/v1/status'))
    expect(await page.getByLabel('Title contains').inputValue()).toBe('tea')
    await page.getByLabel('Title contains').blur()
    await expect
      .poll(async () => [...new Set(await page.locator('.fused-row .place a').allInnerTexts())], {
        timeout: patience,
      })
      .toEqual(['Tea'])
    // The address says it all: it can be handed on.
    await page.reload()
    await page.locator('.fused-row').first().waitFor()
  })

  it('map: two models, a point opens its passage', async () => {
    const { page, go } = watched
    await go(`map?models=universal-sentence-encoder-lite,${second}`)
    await page.locator('.scatter canvas').nth(1).waitFor()
    const map = page.getByRole('application').first()
    await map.focus()
    await page.keyboard.press('ArrowRight')
    await page.keyboard.press('ArrowLeft')
    await page.keyboard.press('Enter')
    await page.getByRole('complementary', { name: 'Selected passage' }).getByRole('link').waitFor()
    expect(await seriousFindings(page)).toEqual([])
  })

  it('ask: an answer comes as a stream, and its citations open in place', async () => {
    const { page, go } = watched
    await go('ask')
    await page.getByLabel('Question').fill('How long do old signing keys stay valid?')
    await page.keyboard.press('Enter')
    await page.locator('.answer[aria-busy=false]').waitFor()
    await page.getByRole('button', { name: /^Source 1/ }).click()
    const passage = page.getByRole('complementary', { name: 'Source 1' })
    await passage.locator('mark').waitFor()
    expect(await passage.textContent()).toContain('signing')
    expect(await seriousFindings(page)).toEqual([])
  })

  it('narrow: nothing is wider than the screen', async () => {
    const { page, go } = await service.page({ viewport: { width: 390, height: 800 } })
    const { documents: listed } = await service.call<{ documents: { id: string }[] }>('GET', 'documents')
    for (const [place, there] of [
      ['', '.lanes'],
      ['search?q=tea', '.hit'],
      [`search?q=tea&way=union&models=universal-sentence-encoder-lite,${second}`, '.fused-row'],
      ['documents', '.document-title'],
      [`documents/${listed[0]?.id}`, '.matrix-beads'],
      ['migration', '.steps'],
      ['ask', '.ask-desk'],
      ['map', '.scatter canvas'],
    ] as const) {
      await go(place)
      await page.locator(there).first().waitFor()
      const wider = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
      expect(wider, place).toBeLessThanOrEqual(0)
    }
    await page.context().close()
  })

  it('had no error, no warning, and asked nobody else', () => expect(watched.faults).toEqual([]))
})
