import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import { nodeFlags } from '../support/node-flags.ts'

const program = fileURLToPath(new URL('../../bin/revector.js', import.meta.url))

export interface Finished {
  /** Exit code; 128 + n where a signal ended it. */
  readonly code: number
  readonly stdout: string
  readonly stderr: string
  /** Standard output as the one JSON document it must be. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into documents of many shapes
  json(): any
}

export interface Running {
  readonly child: ChildProcess
  /** Resolves when standard error has shown this. */
  sees(pattern: RegExp): Promise<void>
  finished: Promise<Finished>
}

export interface RunOptions {
  readonly cwd?: string
  readonly input?: string | Buffer
  readonly env?: Readonly<Record<string, string>>
}

/** Starts the real command line as a process of its own, with nothing of our environment but what is needed. */
export function startCli(args: readonly string[], options: RunOptions = {}): Running {
  const { PATH = '', HOME = '', TMPDIR } = process.env
  const child = spawn(process.execPath, [...nodeFlags, program, ...args], {
    cwd: options.cwd,
    env: { PATH, HOME, TMPDIR, ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  // One that a failed test leaves behind would keep its folder.
  onTestFinished(() => void child.kill('SIGKILL'))
  child.stdin.on('error', () => {})
  child.stdin.end(options.input ?? '')
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })

  const finished = once(child, 'close').then(([status, signal]) => ({
    code: signal === null ? Number(status) : 128 + (signal === 'SIGINT' ? 2 : signal === 'SIGTERM' ? 15 : 9),
    stdout,
    stderr,
    json: () => JSON.parse(stdout),
  }))
  const sees = (pattern: RegExp) =>
    new Promise<void>((resolve, reject) => {
      const look = () => {
        if (pattern.test(stderr)) resolve()
      }
      child.stderr.on('data', look)
      child.on('close', () => reject(new Error(`never saw ${pattern}; stderr was:\n${stderr}`)))
      look()
    })
  return { child, sees, finished }
}

export function runCli(args: readonly string[], options: RunOptions = {}): Promise<Finished> {
  return startCli(args, options).finished
}
