import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { root } from './docs/pages.ts'

const read = (file: string): string => readFileSync(join(root, file), 'utf8')
const { version, scripts }: { version: string; scripts: Readonly<Record<string, string>> } = JSON.parse(
  read('package.json'),
)

it('no script sets a variable as only a POSIX shell can', () => {
  const inline = Object.entries(scripts).filter(([, command]) => /(?:^|[&|;]\s*)\w+=/.test(command))
  expect(inline).toEqual([])
})

// `npm run package` packs it, installs the tarball and runs what it has.
it('the README names the tarball that npm pack makes', () => {
  const named = [...read('README.md').matchAll(/revector-(\d[\w.-]*)\.tgz/g)].map(([, found]) => found)
  expect(new Set(named)).toEqual(new Set([version]))
})
