import { describe, expect, it, onTestFinished } from 'vitest'
import { fakeProvider } from '../support/providers/server.ts'
import { seriousFindings } from './check-page.ts'
import { type OpenConsole, openConsole } from './open-console.ts'

describe('long lists of the console', () => {
  it('have every migration, page after page', async () => {
    const service = await openConsole()
    onTestFinished(() => service.close())
    await note(service, 'bread')
    await service.call('POST', 'models', { model_name: 'lexical-hash-384' })
    for (let at = 0; at < 23; at++) {
      const { id } = await service.call<{ id: string }>('POST', 'migrations', {
        target_model: 'lexical-hash-384',
        consent: true,
      })
      await service.call('POST', `migrations/${id}/cancel`)
    }
    const { page, go, faults } = await service.page()
    await go('migration')
    const rows = page.locator('.history tbody tr')
    await rows.first().waitFor()
    expect(await rows.count()).toBe(20)
    await page.getByRole('button', { name: 'More migrations' }).click()
    await rows.nth(22).waitFor()
    // The list is looked at again by itself; what was paged through stays.
    const again = (): Promise<unknown> =>
      page.waitForResponse((response) => response.url().endsWith('migrations?limit=20'))
    await again()
    await again()
    expect(await rows.count()).toBe(23)
    expect(await page.getByRole('button', { name: 'More migrations' }).count()).toBe(0)
    expect(faults).toEqual([])
  })

  it('have every chunk in quarantine, page after page', async () => {
    const provider = await fakeProvider('openai-compatible', 64)
    provider.poison('poison')
    const service = await openConsole({ modelUrls: [`${provider.url}/v1`] })
    onTestFinished(() => service.close())
    for (let at = 0; at < 25; at++) await note(service, `poison of the kind ${at}`)
    await note(service, 'bread')
    await service.call('POST', 'models', {
      model_name: 'picky',
      provider: 'openai-compatible',
      dimension: 64,
      base_url: `${provider.url}/v1`,
    })
    const { id } = await service.call<{ id: string }>('POST', 'migrations', {
      target_model: 'picky',
      consent: true,
    })
    const { page, go, faults } = await service.page()
    await go(`migration/${id}`)
    await page.getByRole('heading', { name: '25 chunks in quarantine' }).waitFor()
    const rows = page.getByRole('region', { name: 'Quarantine' }).locator('tbody tr')
    await rows.nth(19).waitFor()
    await page.getByRole('button', { name: 'More chunks' }).click()
    await rows.nth(24).waitFor()
    expect(await page.getByRole('button', { name: 'More chunks' }).count()).toBe(0)
    expect(await seriousFindings(page)).toEqual([])
    expect(faults).toEqual([])
  })
})

async function note(service: OpenConsole, subject: string): Promise<void> {
  await service.call('POST', 'documents', {
    title: `Note on ${subject}`,
    content: `This is about ${subject}.`,
  })
}
