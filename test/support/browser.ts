import { existsSync } from 'node:fs'

/** Debian's chromium, or the one that REVECTOR_TEST_CHROMIUM names; null: browser tests can't run. */
export function findBrowser(): string | null {
  const given = process.env['REVECTOR_TEST_CHROMIUM']
  if (given !== undefined && given !== '') return existsSync(given) ? given : null
  return ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find((path) => existsSync(path)) ?? null
}
