import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { AxeResults } from 'axe-core'
import type { Page } from 'playwright-core'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** What axe finds serious or critical, in the light and in the dark theme. */
export async function seriousFindings(page: Page): Promise<string[]> {
  const found: string[] = []
  await page.evaluate(axe)
  for (const theme of ['light', 'dark']) {
    await page.evaluate((name) => {
      document.documentElement.dataset['theme'] = name
      // What fades is not what is read.
      for (const animation of document.getAnimations()) animation.cancel()
    }, theme)
    const { violations } = (await page.evaluate(
      `axe.run(document, { resultTypes: ['violations'] })`,
    )) as AxeResults
    for (const { id, impact, nodes } of violations) {
      if (impact !== 'serious' && impact !== 'critical') continue
      found.push(
        ...nodes.map((node) => `${theme} ${id}: ${node.html.slice(0, 200)} ${node.failureSummary ?? ''}`),
      )
    }
  }
  await page.evaluate(() => {
    document.documentElement.dataset['theme'] = 'light'
  })
  return found
}
