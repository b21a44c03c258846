import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { root } from './docs/pages.ts'
import { temporaryFolder } from './support/engines.ts'
import { runProgram } from './support/run-program.ts'

const folder = join(root, 'examples')
const examples = readdirSync(folder).filter((name) => name.endsWith('.mjs'))

/** What each of them prints in the end, in its essence. */
const endings: Record<string, RegExp> = {
  'quick-start.mjs': /^Coffee machine: Descale[^\n]*\nOnly in the office: Printer\n$/,
  'change-the-model.mjs':
    /^universal-sentence-encoder-lite: [^\n]+\n[\s\S]*moved: \d+ vectors made[^\n]*\nlexical-hash-384: [^\n]+\nuniversal-sentence-encoder-lite: [^\n]+\n$/,
  'several-models.mjs': /^union\n {2}Reset the router[\s\S]*intersection\n {2}Reset the router/,
  'langchain.mjs':
    /^coffee: Descale the coffee machine every two months\.\ncoffee: Descale[^\n]*\nLeft: printer\n$/,
  'ai-sdk.mjs': /^\[1\] Coffee machine \(kitchen\.md\): Descale[^\n]*\nEvery two months \[1\]\.\n$/,
  'your-own-model.mjs': /^Bees, distance 0\.\d{3}\n$/,
}

describe('the examples run as they are', () => {
  it('each is known here', () => expect(examples.sort()).toEqual(Object.keys(endings).sort()))

  it.each(examples)('%s', async (name) => {
    const { status, stdout, stderr } = await runProgram(process.execPath, [join(folder, name)], {
      cwd: await temporaryFolder(),
    })
    expect(stderr).toBe('')
    expect(status).toBe(0)
    expect(stdout).toMatch(endings[name] ?? /$^/)
  })
})
