import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { parse } from 'yaml'
import { optionsSchema, readConfig } from '../src/config/config.ts'
import { runCli } from './cli/run-cli.ts'
import { blocks, root } from './docs/pages.ts'

const read = (file: string): string => readFileSync(join(root, file), 'utf8')

interface Compose {
  readonly services: Readonly<
    Record<
      string,
      {
        readonly entrypoint?: readonly string[]
        readonly command?: readonly string[]
        readonly volumes?: readonly (string | { readonly source: string; readonly target: string })[]
        readonly ports?: readonly string[]
        readonly stop_grace_period?: string
      }
    >
  >
}

/** The way to a command's help: what is no flag and no value of one. */
async function knowsFlags(words: readonly string[]): Promise<void> {
  const command = words.find((word) => ['serve', 'worker'].includes(word)) ?? ''
  const { stdout, code } = await runCli([command, '--help'])
  expect(code).toBe(0)
  const flags = words.filter((word) => word.startsWith('--'))
  for (const flag of flags) expect(stdout, `${words.join(' ')}: ${flag}`).toContain(flag)
}

it('the container copies what is there and starts a command that is known', async () => {
  const dockerfile = read('Dockerfile')
  const copied = [...dockerfile.matchAll(/^COPY (?!--from|\. )(.+) \S+$/gm)].flatMap(([, files = '']) =>
    files.split(' '),
  )
  for (const file of copied) expect(existsSync(join(root, file)), file).toBe(true)
  const [, command = '[]'] = /^CMD (\[.*\])$/m.exec(dockerfile) ?? []
  await knowsFlags(JSON.parse(command))
  expect(dockerfile).toMatch(/^USER node$/m)
  // Secrets come when it runs, and are in no layer.
  expect(dockerfile).not.toMatch(/_KEY|PASSWORD|DATABASE_URL/)
})

it('the services of compose.yaml run commands that are known, on loopback, and have longer to stop than they take', async () => {
  const { services }: Compose = parse(read('compose.yaml'), { merge: true })
  const { stopTimeoutMs } = optionsSchema.parse({}).serve
  for (const { command = [], ports = [], stop_grace_period: grace } of [
    services['revector'] ?? {},
    services['worker'] ?? {},
  ]) {
    await knowsFlags(command)
    for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/)
    expect(Number.parseInt(grace ?? '0', 10) * 1_000).toBeGreaterThan(stopTimeoutMs)
  }
})

it('the services of compose.yaml read a configuration file, which one of the reader’s may replace', async () => {
  const { services }: Compose = parse(read('compose.yaml'), { merge: true })
  const [, entrypoint = '[]'] = /^ENTRYPOINT (\[.*\])$/m.exec(read('Dockerfile')) ?? []
  for (const { entrypoint: started = [], volumes = [] } of [
    services['revector'] ?? {},
    services['worker'] ?? {},
  ]) {
    const [flag, file] = started.slice(-2)
    expect(started.slice(0, -2)).toEqual(JSON.parse(entrypoint))
    expect(flag).toBe('--config')
    const mounted = volumes.find((volume) => typeof volume === 'object' && volume.target === file)
    const source = typeof mounted === 'object' ? mounted.source : ''
    const [, standard = ''] = /^\$\{REVECTOR_CONFIG_FILE:-(.+)\}$/.exec(source) ?? []
    expect(readConfig({}, { file: join(root, standard) }).serve).toEqual(optionsSchema.parse({}).serve)
  }
  const page = read('docs/guides/deploying.md')
  expect(page).toContain('REVECTOR_CONFIG_FILE=')
  const [example = ''] = blocks({ path: '', text: page }, 'json')
  expect(optionsSchema.safeParse(JSON.parse(example)).error).toBeUndefined()
})

it('the container is built and runs on one version of Node, which the package allows', () => {
  const versions = [...read('Dockerfile').matchAll(/^FROM node:(\d+)-/gm)].map(([, major]) => Number(major))
  expect(versions).toHaveLength(2)
  expect(new Set(versions).size).toBe(1)
  const [, least] = /^>=(\d+)\./.exec(JSON.parse(read('package.json')).engines.node) ?? []
  expect(versions[0]).toBeGreaterThanOrEqual(Number(least))
})

it('the container carries the licence', () => {
  expect(read('Dockerfile')).toMatch(/^COPY --from=build .*\/app\/LICENSE /m)
  expect(read('.dockerignore')).not.toMatch(/LICENSE/)
})

it('the unit starts a command that is known and has longer to stop than it takes', async () => {
  const unit = read('deploy/revector.service')
  const [, started = ''] = /^ExecStart=(.+)$/m.exec(unit) ?? []
  await knowsFlags(started.split(' '))
  const [, stop] = /^TimeoutStopSec=(\d+)$/m.exec(unit) ?? []
  expect(Number(stop) * 1_000).toBeGreaterThan(optionsSchema.parse({}).serve.stopTimeoutMs)
})
