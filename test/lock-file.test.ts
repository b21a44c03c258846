import { readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { minVersion, satisfies } from 'semver'
import { expect, it } from 'vitest'
import * as z from 'zod'
import { runProgram } from './support/run-program.ts'

const lockFile = z.object({
  packages: z.record(
    z.string(),
    z.object({
      version: z.string().optional(),
      resolved: z.string().optional(),
      engines: z.looseObject({ node: z.string().optional() }).optional(),
      optionalDependencies: z.record(z.string(), z.string()).optional(),
    }),
  ),
})

const read = (name: string): string => readFileSync(new URL(`../${name}`, import.meta.url), 'utf8')
const { packages } = lockFile.parse(JSON.parse(read('package-lock.json')))

it('the lock files name no registry: any will do', () => {
  const peers = lockFile.parse(JSON.parse(read('test/peers/package-lock.json')))
  const all = [...Object.entries(packages), ...Object.entries(peers.packages)]
  const bound = all.filter(([, each]) => each.resolved !== undefined)
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

it('every package runs on each Node that ours promises to run on, and on Node 24', () => {
  const promised = packages['']?.engines?.node ?? ''
  const least = minVersion(promised)?.version ?? ''
  const nodes = [least, '24.0.0', process.versions.node]
  for (const node of nodes) expect(satisfies(node, promised)).toBe(true)
  const refusing = Object.entries(packages)
    // sharp for 32-bit Windows, which has no Node 24.
    .filter(([path]) => path !== 'node_modules/@img/sharp-win32-ia32')
    .filter(([, { engines }]) => nodes.some((node) => !satisfies(node, engines?.node ?? '*')))
  expect(refusing).toEqual([])
})

/** npm heeds them in the project that is installed from, not in one that is installed: users would get other versions. */
it('no version is held by an override', () => {
  expect(JSON.parse(read('package.json'))).not.toHaveProperty('overrides')
})

it('npm knows every setting of .npmrc, and runs no script of a dependency', async () => {
  const settings = read('.npmrc')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
  const known = await runProgram('npm', ['config', 'list', '--long', '--json'], { cwd: tmpdir() })
  expect(Object.keys(JSON.parse(known.stdout))).toEqual(
    expect.arrayContaining(settings.map((line) => line.replace(/=.*/, ''))),
  )
  expect(settings).toContain('ignore-scripts=true')
})
