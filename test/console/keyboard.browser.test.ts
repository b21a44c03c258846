import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { documents, type OpenConsole, openConsole, patience, type Watched } from './open-console.ts'

describe('the console by keyboard alone', () => {
  let service: OpenConsole
  let watched: Watched

  beforeAll(async () => {
    service = await openConsole()
    await service.call('POST', 'documents', documents())
    watched = await service.page()
  })
  afterAll(() => service.close())

  const focused = () => watched.page.evaluate(() => document.activeElement?.id)

  /** Tab until what is focused has this name. */
  async function tabTo(name: RegExp): Promise<void> {
    const { page } = watched
    for (let step = 0; step < 60; step++) {
      await page.keyboard.press('Tab')
      const label = await page.evaluate(() => {
        const one = document.activeElement as HTMLInputElement | null
        return `${one?.getAttribute('aria-label') ?? ''} ${one?.labels?.[0]?.textContent ?? ''} ${one?.textContent ?? ''}`
      })
      if (name.test(label)) return
    }
    throw new Error(`Nothing of the name ${name} can be reached by Tab.`)
  }

  it('skips to the content, goes to another page, and puts the focus there', async () => {
    const { page, go } = watched
    await go('')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await expect.poll(focused, { timeout: patience }).toBe('main')
    await page.reload()
    await page.locator('main h1').waitFor()
    await tabTo(/^\s*Documents$/)
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { level: 1, name: 'Documents' }).waitFor()
    await expect.poll(focused, { timeout: patience }).toBe('main')
  })

  it('shows where the focus is', async () => {
    const { page, go } = watched
    await go('documents')
    await page.getByRole('link', { name: 'Tea' }).waitFor()
    await tabTo(/Tea/)
    expect(
      await page.evaluate(() => getComputedStyle(document.activeElement ?? document.body).outlineStyle),
    ).toBe('solid')
  })

  it('searches in two models', async () => {
    const { page, go } = watched
    await service.call('POST', 'models', { model_name: 'lexical-hash-384' })
    const { documents: listed } = await service.call<{ documents: { id: string }[] }>('GET', 'documents')
    for (const { id } of listed)
      await service.call('PUT', `documents/${id}/embeddings?model=lexical-hash-384`)
    await go('search')
    await page.getByRole('searchbox').waitFor()
    // The page hears the key a moment after it shows the box.
    const boxes = page.locator('input[type=search]:focus')
    const presses = async () => {
      await page.keyboard.press('/')
      return boxes.count()
    }
    await expect.poll(presses, { timeout: patience }).toBe(1)
    await page.keyboard.type('What rusts first?')
    await page.keyboard.press('Enter')
    await page.locator('.hit').first().waitFor()
    await tabTo(/lexical-hash-384/)
    await page.keyboard.press('Space')
    await page.locator('.column').nth(1).locator('.hit').first().waitFor()
  })

  it('plans a migration, is asked, and declines with Escape', async () => {
    const { page, go } = watched
    await go('migration')
    await page.getByLabel('To', { exact: true }).waitFor()
    await tabTo(/^\s*To/)
    await page.keyboard.type('lexical-hash-384')
    await tabTo(/Show the plan/)
    await page.keyboard.press('Enter')
    await page.getByRole('region', { name: 'The plan' }).waitFor()
    await tabTo(/Yes, embed/)
    await page.keyboard.press('Space')
    await tabTo(/Start the migration/)
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: 'Cut over to lexical-hash-384' }).waitFor()
    await tabTo(/Cut over to/)
    await page.keyboard.press('Enter')
    await page.getByRole('dialog').waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    // The browser gives the focus back.
    await expect
      .poll(() => page.evaluate(() => document.activeElement?.textContent), { timeout: patience })
      .toMatch(/^Cut over to/)
    expect(watched.faults).toEqual([])
  })
})
