import { expect, it } from 'vitest'
import { runProgram } from '../support/run-program.ts'
import { root } from './pages.ts'

it('the reference pages are what the code says', async () => {
  const checked = await runProgram(process.execPath, ['scripts/docs.mjs', '--check'], { cwd: root })
  expect(checked).toEqual({ status: 0, stdout: '', stderr: '' })
})
