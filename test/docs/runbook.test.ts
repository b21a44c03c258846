import { expect, it } from 'vitest'
import { serverUrl } from '../support/engines.ts'
import { runProgram } from '../support/run-program.ts'
import { root } from './pages.ts'

const check = (engine: string) => ['scripts/runbook.mjs', engine, '--check']

it('the runbook’s transcript of the embedded engine is what is said', { timeout: 240_000 }, async () => {
  const checked = await runProgram(process.execPath, check('embedded'), { cwd: root })
  expect(checked).toEqual({ status: 0, stdout: '', stderr: '' })
})

it.skipIf(serverUrl === null)(
  'the runbook’s transcript of a server is what is said',
  { timeout: 240_000 },
  async () => {
    const env = { ...process.env, DATABASE_URL: serverUrl ?? '' }
    const checked = await runProgram(process.execPath, check('server'), { cwd: root, env })
    expect(checked).toEqual({ status: 0, stdout: '', stderr: '' })
  },
)
