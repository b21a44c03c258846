import { once } from 'node:events'
import { chmodSync, cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { delimiter, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../support/engines.ts'
import { nodeFlags } from '../support/node-flags.ts'
import { runProgram } from '../support/run-program.ts'
import { blocks, pages, root } from './pages.ts'

/** A folder as a reader has it: the documentation in it, `revector` on the path, no server, no keys. */
async function readersFolder(): Promise<{ cwd: string; env: Record<string, string> }> {
  const folder = await temporaryFolder()
  const bin = join(folder, 'bin')
  const cwd = join(folder, 'work')
  mkdirSync(bin)
  mkdirSync(cwd)
  cpSync(join(root, 'docs', 'guides'), join(cwd, 'docs'), { recursive: true })
  const program = join(bin, 'revector')
  const node = [process.execPath, ...nodeFlags].map((word) => `"${word}"`).join(' ')
  writeFileSync(program, `#!/bin/sh\nexec ${node} "${join(root, 'bin/revector.js')}" "$@"\n`)
  chmodSync(program, 0o755)
  const PATH = [bin, join(process.execPath, '..'), process.env['PATH'] ?? ''].join(delimiter)
  return { cwd, env: { PATH, HOME: folder, LANG: 'C.UTF-8' } }
}

/** The port that pages name. Here another program may have it. */
const namedPort = '8099'

async function freePort(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return String(port)
}

/** Runs the blocks of a page one after the other in one shell, as a reader would. */
async function follow(commands: readonly string[]): Promise<{ status: number | null; said: string }> {
  const { cwd, env } = await readersFolder()
  const script = `set -euxo pipefail\n${commands.join('\n')}`.replaceAll(namedPort, await freePort())
  const { status, stdout, stderr } = await runProgram('bash', ['-c', script], { cwd, env })
  return { status, said: `${stdout}\n${stderr}` }
}

const withCommands = pages().filter((page) => blocks(page, 'bash').length > 0)

describe('the commands of a page do what it says', () => {
  it.each(withCommands.map((page) => page.path))('%s', { timeout: 240_000 }, async (path) => {
    const page = withCommands.find((each) => each.path === path)
    const { status, said } = await follow(page === undefined ? ['exit 9'] : blocks(page, 'bash'))
    expect(status, said).toBe(0)
  })

  it('would notice one that fails', async () => {
    expect(await follow(['revector frobnicate'])).toMatchObject({ status: 2 })
  })
})
