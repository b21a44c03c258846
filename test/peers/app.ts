import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished } from 'vitest'
import { runProgram } from '../support/run-program.ts'

const program = fileURLToPath(new URL('app.mjs', import.meta.url))

export const passages = [
  'Ships leave the harbour at dawn, when the tide is high.',
  'Tea is grown in the hills, where the nights are cool.',
  'The library closes at six, and on Sundays at noon.',
  'Old signing keys stay valid for thirty days.',
  'Bicycles are lent without a deposit at the station.',
  'Grain is stored in dry silos until the spring.',
]

interface Answer {
  readonly texts?: readonly string[]
  readonly error?: string
}

/** Asks a running application to do something; gives the texts that it found. */
export type Application = (op: string, text?: string | readonly string[]) => Promise<readonly string[]>

/** Starts an application of a tool and lets it run until the test has ended. */
export function startApplication(
  tool: string,
  databaseUrl: string,
  { dimension, table }: { readonly dimension: number; readonly table?: string },
): Application {
  const child = spawn(process.execPath, [program, tool, databaseUrl, String(dimension)], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, NODE_NO_WARNINGS: '1', ...(table === undefined ? {} : { TABLE: table }) },
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const ended = once(child, 'close')
  onTestFinished(async () => {
    child.stdin.end()
    await ended
  })
  return async (op, text) => {
    child.stdin.write(`${JSON.stringify({ op, text })}\n`)
    const { value, done } = await lines.next()
    if (done === true) throw new Error(`The application ended at ${op}`)
    const answer = JSON.parse(value) as Answer
    if (answer.error !== undefined) throw new Error(`The application failed at ${op}: ${answer.error}`)
    return answer.texts ?? []
  }
}

/** What `pg_dump` says of the database, without the lines that differ each time and without how many ids were drawn. */
export async function dump(databaseUrl: string): Promise<string> {
  const { status, stdout, stderr } = await runProgram('pg_dump', [databaseUrl], { cwd: '/' })
  expect([status, stderr]).toEqual([0, ''])
  return stdout.replaceAll(/^(\\(un)?restrict|SELECT pg_catalog\.setval).*$/gm, '')
}
