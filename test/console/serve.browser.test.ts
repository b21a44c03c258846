import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { seriousFindings } from './check-page.ts'
import { type OpenConsole, openConsole, type Watched } from './open-console.ts'

const source = 'universal-sentence-encoder-lite'
const target = 'lexical-hash-384'
const animals = ['heron', 'otter', 'badger', 'lynx', 'marten', 'plover', 'curlew', 'beaver']

describe('a search while a migration fills', () => {
  let service: OpenConsole
  let watched: Watched

  beforeAll(async () => {
    service = await openConsole()
    for (let at = 0; at < 64; at++) {
      const animal = animals[at % animals.length]
      await service.call('POST', 'documents', {
        title: `Note ${at} on the ${animal}`,
        content: `The ${animal} was seen at the river for the ${at}th time. It stayed for ${at} minutes.`,
      })
    }
    await service.call('POST', 'models', { model_name: target })
    watched = await service.page()
  })
  afterAll(() => service.close())

  const choice = () =>
    watched.page.getByRole('group', { name: new RegExp(`while ${target} is being filled`) })
  const coverage = (model: string) => watched.page.getByRole('meter', { name: `Coverage of ${model}` })

  it('offers no such choice before', async () => {
    const { page, go } = watched
    await go('search?q=Where was the otter seen?')
    await page.locator('.hit').first().waitFor()
    expect(await choice().count()).toBe(0)
  })

  it('is answered by the source, the target, or both, each with what it could see', async () => {
    const { page, go } = watched
    const begun = await service.call<{ id: string }>('POST', 'migrations', {
      target_model: target,
      consent: true,
    })
    await go(`migration/${begun.id}`)
    await page.getByRole('button', { name: `Cut over to ${target}` }).waitFor()
    await go('search?q=Where was the otter seen?')
    await choice().getByLabel('Both, in one list').check()
    await coverage(target).waitFor({ state: 'attached' })
    await page.getByText('64 chunks with vectors of both models').waitFor()
    expect(await coverage(source).getAttribute('value')).toBe('1')
    expect(await page.locator('.fused-row').count()).toBe(8)
    expect(await page.locator('.fused-row .sources [data-found=true]').count()).toBeGreaterThan(8)
    expect(await seriousFindings(page)).toEqual([])

    await choice().getByLabel('Target model').check()
    await coverage(source).waitFor({ state: 'detached' })
    await coverage(target).waitFor({ state: 'attached' })

    // The address says it, and a chosen model takes its place.
    await page.reload()
    await coverage(target).waitFor({ state: 'attached' })
    expect(await choice().getByLabel('Target model').isChecked()).toBe(true)
    await page.getByRole('group', { name: 'Models' }).getByLabel(source).check()
    await page.locator('.column').waitFor()
    expect(await choice().getByLabel('Target model').isChecked()).toBe(false)
  })

  it('goes back to the current model when there is nothing to choose between any more', async () => {
    const { page, go } = watched
    const { migrations } = await service.call<{ migrations: { id: string }[] }>('GET', 'migrations')
    await go('search?q=Where was the otter seen?&serve=source')
    await choice().getByLabel('Source model').waitFor()
    await service.call('POST', `migrations/${migrations[0]?.id}/cancel`)
    await choice().waitFor({ state: 'detached' })
    await page.locator('.column').waitFor()
    expect(watched.faults).toEqual([])
  })
})
