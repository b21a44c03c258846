import { readFileSync } from 'node:fs'
import { expect, it, vi } from 'vitest'
import { runCli } from '../cli/run-cli.ts'
import { blocks, type Page } from '../docs/pages.ts'
import { describeServer } from '../support/engines.ts'
import { dump, passages, startApplication } from './app.ts'

vi.setConfig({ testTimeout: 240_000 })

/** Models of the same widths that need no key. */
const standIns = [
  ['text-embedding-3-small', 'lexical-hash-1536'],
  ['text-embedding-3-large', 'lexical-hash-384'],
] as const

/** Not `revector`, as the pages say: the server under test has a role of that name, and LangChain would look there first. */
const schema = 'revector_data'

function page(path: string): Page {
  return { path, text: readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8') }
}

/** The commands of a page's blocks, one by one, as lists of words. */
function commandsOf(text: string): readonly (readonly string[])[] {
  let named = text
  for (const [model, standIn] of standIns) named = named.replaceAll(model, standIn)
  return named
    .split('\n')
    .filter((line) => line.startsWith('revector '))
    .map((line) => {
      const words = line.replace(/ +#.*$/, '').matchAll(/"([^"]*)"|(\S+)/g)
      return [...words].map(([, quoted, bare]) => quoted ?? bare ?? '').slice(1)
    })
}

describeServer('the pages about applications, with the real LangChain.js', (engine) => {
  it('README.md: each command does what it says', async () => {
    const place = await engine.place()
    if (!('databaseUrl' in place)) throw new Error('A server has an address')
    const env = { DATABASE_URL: place.databaseUrl, REVECTOR_SCHEMA: schema }
    const app = startApplication('langchain', place.databaseUrl, { dimension: 1536 })
    await app('add', passages)
    const [block = ''] = blocks(page('README.md'), 'sh').filter((each) => each.includes('db adopt'))
    const commands = commandsOf(block)
    expect(commands.length).toBeGreaterThan(5)
    for (const words of commands) {
      const { code, stdout, stderr } = await runCli(words, { env })
      expect([words.join(' '), code], stderr).toEqual([words.join(' '), 0])
      if (words[0] === 'search') expect(stdout).toContain(passages[0])
      expect(await app('search', 'When do ships leave the harbour?')).toContain(passages[0])
    }
    const next = startApplication('langchain', place.databaseUrl, { dimension: 384, table: 'documents_next' })
    expect(await next('search', 'When do ships leave the harbour?')).toContain(passages[0])
  })

  it('the guide: an old and a new deployment on one corpus each find what the other has written', async () => {
    const place = await engine.place()
    if (!('databaseUrl' in place)) throw new Error('A server has an address')
    const env = { DATABASE_URL: place.databaseUrl, REVECTOR_SCHEMA: schema }
    const app = startApplication('langchain', place.databaseUrl, { dimension: 1536 })
    await app('add', passages)
    await app('index')
    const before = await dump(place.databaseUrl)
    const run = async (words: readonly string[]): Promise<string> => {
      const { code, stdout, stderr } = await runCli(words, { env })
      expect([words.join(' '), code], stderr).toEqual([words.join(' '), 0])
      return stdout
    }
    const { text } = page('docs/guides/applications-that-go-on.md')
    const parts = text.split(/^## /m).slice(1)
    const [look = '', adopt = '', move = '', , both = '', leave = ''] = parts

    const seen = await run(commandsOf(look)[0] ?? [])
    // What the page shows, but for the number of vectors.
    const [shown = ''] = blocks(page('docs/guides/applications-that-go-on.md'), 'text')
    const [, second = ''] = shown.split('\n\n')
    const asHere = second
      .replaceAll('langchain_docs', 'testlangchainjs')
      .replace('60', String(passages.length))
    expect(seen).toContain(
      asHere
        .replace('vector of 1536', 'vector(1536)')
        .replace(/ {2}The index.*\n/, '')
        .trim(),
    )

    // The second one is about another table.
    const [adopting = [], searching = []] = commandsOf(adopt)
    await run(adopting)
    expect(await run(searching)).toContain(passages[0])
    for (const words of commandsOf(move)) await run(words)

    const [again = [], exposing = [], retiring = []] = commandsOf(both)
    await run(again)
    await run(exposing)
    const next = startApplication('langchain', place.databaseUrl, { dimension: 384, table: 'documents_next' })
    const sides = [
      { name: 'old', writer: app, reader: next },
      { name: 'new', writer: next, reader: app },
    ]
    for (const { name, writer, reader } of sides) {
      const written = `Zebras of the ${name} deployment drink at the fountain.`
      await writer('add', [written])
      await run(['worker', '--once'])
      expect(await reader('search', written)).toContain(written)
      expect(await reader('filtered', written)).toContain(written)
      expect(await run(['search', written])).toContain(written)
      await reader('remove', written)
      expect(await writer('search', written)).not.toContain(written)
    }
    await run([...retiring, '--force', '--yes'])
    await run([...(commandsOf(leave)[0] ?? []), '--yes'])
    expect(await next('search', 'When do ships leave the harbour?')).toContain(passages[0])
    expect(await app('search', 'When do ships leave the harbour?')).toContain(passages[0])
    // The old table as it was; beside it, the new one.
    const after = await dump(place.databaseUrl)
    for (const line of before.split('\n')) expect(after.split('\n')).toContain(line)
  })
})
