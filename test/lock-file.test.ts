import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import * as z from 'zod'

const lockFile = z.object({
  packages: z.record(
    z.string(),
    z.object({
      version: z.string().optional(),
      resolved: z.string().optional(),
      optionalDependencies: z.record(z.string(), z.string()).optional(),
    }),
  ),
})

const { packages } = lockFile.parse(
  JSON.parse(readFileSync(new URL('../package-lock.json', import.meta.url), 'utf8')),
)

it('the lock file names no registry: any will do', () => {
  const bound = Object.entries(packages).filter(([, each]) => each.resolved !== undefined)
  expect(bound).toEqual([])
})

/** `npm ci` refuses a lock file that lacks one; a registry without it drops it from the file in silence. */
it('the lock file has the packages of all systems, not of the one it was written on', () => {
  const lacking = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).filter(
      (name) => !(`${path}/node_modules/${name}` in packages) && !(`node_modules/${name}` in packages),
    ),
  )
  expect(lacking).toEqual([])
})
