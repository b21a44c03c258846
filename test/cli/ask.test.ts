import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../support/engines.ts'
import { fakeLanguageModel } from '../support/providers/language.ts'
import { writeCorpus } from './corpus.ts'
import { runCli, startCli } from './run-cli.ts'

describe('revector ask', { timeout: 120_000 }, () => {
  it('answers from the documents, for people and as JSON, with and without a language model', async () => {
    const dir = await temporaryFolder()
    const docs = writeCorpus(dir)
    const cwd = dir
    expect((await runCli(['ingest', docs, '--quiet'], { cwd })).code).toBe(0)

    const people = await runCli(['ask', 'How do I close the pool?'], { cwd })
    expect(people.code).toBe(0)
    expect(people.stdout).toMatch(/To close the pool, call end\. \[1\]/)
    expect(people.stdout).toContain(join('docs', 'pools.md'))
    expect(people.stdout).toContain('Pools › Closing')
    expect(people.stderr).toContain('sentences quoted from the documents')

    const json = (await runCli(['ask', 'How do I close the pool?', '--json'], { cwd })).json()
    expect(json).toMatchObject({ answered: true, mode: 'extractive', language_model: null })
    expect(json.citations[0]).toMatchObject({ marker: 1, title: 'Pools', heading_path: ['Pools', 'Closing'] })

    const nothing = (await runCli(['ask', 'Who won the chess tournament in Baku?', '--json'], { cwd })).json()
    expect(nothing).toMatchObject({ answered: false, reason: 'nothing_close', citations: [] })

    const server = await fakeLanguageModel()
    server.says(['Call end ', '[1]\u001b[2J', ', says [8].'])
    const env = { REVECTOR_LANGUAGE_MODEL: 'openai-compatible:fake', REVECTOR_LANGUAGE_MODEL_URL: server.url }
    const written = await runCli(['ask', 'How do I close the pool?'], { cwd, env })
    expect(written.stdout).toMatch(/^Call end \[1\]\[2J, says\.\n/)
    expect(written.stdout).toContain('Removed 1 citation of passages that do not exist')
    expect(written.stderr).toContain('written by openai-compatible:fake')

    server.fail('hang')
    const running = startCli(['ask', 'How do I close the pool?'], { cwd, env })
    await server.requested()
    running.child.kill('SIGINT')
    expect((await running.finished).code).toBe(130)
  })

  it('says what is wrong with its options', async () => {
    const cwd = await temporaryFolder()
    const refused = async (...args: string[]) =>
      (await runCli(['ask', 'x', ...args, '--json'], { cwd })).json().error
    expect(await refused('--top-k', '51')).toMatchObject({ code: 'INVALID_INPUT' })
    expect(await refused('--mode', 'generated')).toMatchObject({ code: 'LANGUAGE_MODEL_MISSING' })
    const wrong = await runCli(['ask', 'x', '--json'], { cwd, env: { REVECTOR_LANGUAGE_MODEL: 'gpt' } })
    expect(wrong.json().error).toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('provider:model'),
    })
  })
})
