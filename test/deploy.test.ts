import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { parse } from 'yaml'
import { optionsSchema } from '../src/config.ts'
import { runCli } from './cli/run-cli.ts'
import { root } from './docs/pages.ts'

const read = (file: string): string => readFileSync(join(root, file), 'utf8')

interface Compose {
  readonly services: Readonly<
    Record<
      string,
      {
        readonly command?: readonly string[]
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

it('the unit starts a command that is known and has longer to stop than it takes', async () => {
  const unit = read('deploy/revector.service')
  const [, started = ''] = /^ExecStart=(.+)$/m.exec(unit) ?? []
  await knowsFlags(started.split(' '))
  const [, stop] = /^TimeoutStopSec=(\d+)$/m.exec(unit) ?? []
  expect(Number(stop) * 1_000).toBeGreaterThan(optionsSchema.parse({}).serve.stopTimeoutMs)
})
