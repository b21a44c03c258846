import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { seriousFindings } from './check-page.ts'
import { documents, type OpenConsole, openConsole, type Watched } from './open-console.ts'

const source = 'universal-sentence-encoder-lite'
const target = 'lexical-hash-384'

/** Searches one after the other until it is stopped; the model that answered each. */
function searching(service: OpenConsole): { stop(): Promise<string[]> } {
  let on = true
  const answered: string[] = []
  const done = (async () => {
    while (on) {
      const { models, hits } = await service.call<{ models: string[]; hits: unknown[] }>('POST', 'search', {
        query: 'How is green tea brewed?',
      })
      if (hits.length === 0) throw new Error('A search found nothing.')
      answered.push(models[0] ?? '')
    }
  })()
  return {
    async stop() {
      on = false
      await done
      return answered
    },
  }
}

describe('a whole migration by clicks', () => {
  let service: OpenConsole
  let watched: Watched

  beforeAll(async () => {
    service = await openConsole()
    await service.call('POST', 'documents', documents())
    watched = await service.page()
  })
  afterAll(() => service.close())

  const button = (name: string | RegExp) => watched.page.getByRole('button', { name })
  const here = () => watched.page.locator('.station[data-here=true] text').textContent()

  it('goes from the plan over roll-back to the end of the old model, while searches run', async () => {
    const { page, go } = watched
    const searches = searching(service)
    await go('migration')

    // The target is not there yet: it is added on the way.
    await button('add another model').click()
    await page.getByLabel('Name', { exact: true }).fill(target)
    await button('Add model').click()
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    expect(await page.getByLabel('To', { exact: true }).inputValue()).toBe(target)

    await button('Show the plan').click()
    await page.getByRole('region', { name: 'The plan' }).waitFor()
    expect(await seriousFindings(page)).toEqual([])
    expect(await button('Start the migration').isDisabled()).toBe(true)
    await page.getByRole('checkbox', { name: /^Yes, embed \d+ chunks/ }).check()
    await button('Start the migration').click()

    await button(`Cut over to ${target}`).waitFor()
    expect(await here()).toBe('ready')
    expect(await page.locator('.gates [data-result=failed]').count()).toBe(0)
    expect(await page.locator('.gates [data-result=passed]').count()).toBeGreaterThan(4)
    await page.getByText('All gates passed').waitFor()
    expect(await seriousFindings(page)).toEqual([])

    await button('Pause').click()
    await button('Resume').waitFor()
    expect(await here()).toBe('paused')
    await button('Resume').click()

    await button(`Cut over to ${target}`).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByText('rolling back loses nothing').waitFor()
    expect(await seriousFindings(page)).toEqual([])
    await dialog.getByRole('button', { name: 'Keep as is' }).click()
    expect(await here()).toBe('ready')
    await button(`Cut over to ${target}`).click()
    await dialog.getByRole('button', { name: 'Cut over' }).click()

    await button(`Roll back to ${source}`).click()
    await dialog.getByRole('button', { name: 'Roll back' }).click()
    await page.locator('.meaning', { hasText: `Searches use ${source} again` }).waitFor()
    expect(await here()).toBe('rolled back')

    // And forth again: what was paid for is there.
    await go(`migration?to=${target}`)
    await button('Show the plan').click()
    await page.locator('dd', { hasText: /^None/ }).waitFor()
    await page.getByRole('checkbox', { name: /^Yes, embed 0 chunks/ }).check()
    await button('Start the migration').click()
    await button(`Cut over to ${target}`).click()
    await dialog.getByRole('button', { name: 'Cut over' }).click()
    await button(`Retire ${source}`).click()
    expect(await dialog.getByRole('button', { name: 'Retire' }).isDisabled()).toBe(true)
    await dialog.getByRole('checkbox').check()
    await dialog.getByRole('button', { name: 'Retire' }).click()
    await page.locator('.meaning', { hasText: `The vectors of ${source} are dropped` }).waitFor()
    expect(await here()).toBe('retired')

    const answered = await searches.stop()
    expect([...new Set(answered)].toSorted()).toEqual([target, source])
    expect(answered.at(-1)).toBe(target)

    await go('migration')
    await page.getByRole('row').nth(2).waitFor()
    expect(await page.locator('td .state').allInnerTexts()).toEqual(['retired', 'rolled back'])
    expect(await seriousFindings(page)).toEqual([])
    expect(watched.faults).toEqual([])
  })
})
