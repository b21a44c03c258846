import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { seriousFindings } from './check-page.ts'
import { documents, type OpenConsole, openConsole } from './open-console.ts'

describe('the console when something is wrong', () => {
  let service: OpenConsole

  beforeAll(async () => {
    service = await openConsole()
    await service.call('POST', 'documents', documents())
  })
  afterAll(() => service.close())

  it('keeps what it knows while the service is gone, says so, and goes on when it is back', async () => {
    const { page, go } = await service.page()
    await go('')
    await page.getByText('3 documents in').waitFor()
    await service.kill()
    await page.getByText('The service is not responding.').waitFor()
    expect(await page.getByText('3 documents in').isVisible()).toBe(true)
    await page.getByText('Not connected').waitFor()
    expect(await seriousFindings(page)).toEqual([])
    // A page that knows nothing yet says why, and what happens.
    await page.getByRole('link', { name: 'Documents', exact: true }).click()
    await page.getByRole('alert').waitFor()
    await service.restart()
    await page.getByRole('link', { name: 'Tea' }).waitFor()
    await page.getByText('Not connected').waitFor({ state: 'detached' })
    await page.context().close()
  })

  it('says what the service refuses, in its words, with the way to go on', async () => {
    const { page, go } = await service.page()
    await go('documents/999999')
    const alert = page.getByRole('alert')
    await alert.waitFor()
    expect(await alert.textContent()).toMatch(/NOT_FOUND · request /)
    await page.getByRole('link', { name: 'All documents' }).waitFor()
    await page.goto(`${service.url}/#/migration/999`)
    await page.getByText('MIGRATION_UNKNOWN').waitFor()
    await page.getByRole('link', { name: 'All migrations' }).waitFor()
    await page.goto(`${service.url}/#/migration/%zz`)
    await page.getByText('expected the number of a migration').waitFor()
    await page.context().close()
  })

  it('goes on with an answer that breaks off', async () => {
    const { page, go } = await service.page()
    await page.route('**/api/v1/query', (route) =>
      route.fulfill({
        contentType: 'text/event-stream',
        body: 'event: text\nid: 1\ndata: {"delta": "Green tea is"}\n\n',
      }),
    )
    await go('ask')
    await page.getByLabel('Question').fill('What is green tea?')
    await page.getByRole('button', { name: 'Ask', exact: true }).click()
    await page.getByText('The answer was cut off.').waitFor()
    expect(await page.locator('.answer-text').textContent()).toContain('Green tea is')
    await page.context().close()
  })

  it('asks for a key where one is needed, and uses it', async () => {
    const { page } = await service.page()
    // Whether a key is right is the service's business; here it asks for one, and takes this one.
    await page.route('**/api/v1/**', (route) =>
      route.request().headers()['authorization'] === 'Bearer rv_right'
        ? route.continue({ headers: withoutKey(route.request().headers()) })
        : route.fulfill({
            status: 401,
            contentType: 'application/problem+json',
            body: JSON.stringify({
              code: 'UNAUTHENTICATED',
              detail: 'A key is needed.',
              hint: '',
              status: 401,
            }),
          }),
    )
    await page.goto(`${service.url}/`)
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Key').fill('rv_wrong')
    await dialog.getByRole('button', { name: 'Use this key' }).click()
    await page.getByRole('heading', { name: 'This key is not accepted' }).waitFor()
    expect(await seriousFindings(page)).toEqual([])
    await dialog.getByLabel('Key').fill('rv_right')
    await dialog.getByRole('button', { name: 'Use this key' }).click()
    await page.getByText('3 documents in').waitFor()
    expect(await page.evaluate(() => JSON.stringify(localStorage))).not.toContain('rv_right')
    await page.context().close()
  })
})

function withoutKey({ authorization: _key, ...rest }: Record<string, string>): Record<string, string> {
  return rest
}
