import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect, it, onTestFinished, vi } from 'vitest'
import { createRevector } from '../../src/library/revector.ts'
import { describeServer } from '../support/engines.ts'
import { runProgram } from '../support/run-program.ts'

vi.setConfig({ testTimeout: 240_000 })

const program = fileURLToPath(new URL('app.mjs', import.meta.url))
const [old, next] = ['lexical-hash-1536', 'lexical-hash-384']
const passages = [
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

/** Starts an application and lets it run until the test has ended. */
async function start(tool: string, databaseUrl: string, dimension: number, table?: string) {
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
  return async (op: string, text?: string | readonly string[]): Promise<readonly string[]> => {
    child.stdin.write(`${JSON.stringify({ op, text })}\n`)
    const { value, done } = await lines.next()
    if (done === true) throw new Error(`The application ended at ${op}`)
    const answer = JSON.parse(value) as Answer
    if (answer.error !== undefined) throw new Error(`The application failed at ${op}: ${answer.error}`)
    return answer.texts ?? []
  }
}

/** What `pg_dump` says of the database, without the lines that differ each time and without how many ids were drawn. */
async function dump(databaseUrl: string): Promise<string> {
  const { status, stdout, stderr } = await runProgram('pg_dump', [databaseUrl], { cwd: '/' })
  expect([status, stderr]).toEqual([0, ''])
  return stdout.replaceAll(/^(\\(un)?restrict|SELECT pg_catalog\.setval).*$/gm, '')
}

const tools = [
  { tool: 'langchain', table: 'testlangchainjs' },
  { tool: 'langchainCollection', table: 'lc_embeddings' },
  { tool: 'llamaindex', table: 'llamaindex_embedding' },
  { tool: 'mastra', table: 'docs' },
]

describeServer('an application that is not stopped', (engine) => {
  for (const { tool, table } of tools) {
    it(`reads and writes its own table before, during and after a move: ${tool}`, async () => {
      const place = await engine.place()
      if (!('databaseUrl' in place)) throw new Error('A server has an address')
      const app = await start(tool, place.databaseUrl, 1536)
      if (tool === 'mastra') await app('index')
      await app('add', passages)
      if (tool === 'langchain') await app('index')
      const before = await dump(place.databaseUrl)

      const revector = await createRevector({ ...place, schema: 'beside', logLevel: 'silent', poolSize: 3 })
      onTestFinished(() => revector.db.close())
      const find = async (query: string) =>
        (await revector.retriever.search({ query, topK: 1 })).hits[0]?.content
      let step = 0
      /** It writes, it finds what it wrote, Revector finds it, and it takes it away again. */
      const goesOn = async (): Promise<void> => {
        step += 1
        const text = `Zebras number ${step} drink at the fountain.`
        expect(await app('search', 'When do ships leave the harbour?')).toContain(passages[0])
        await app('add', [text])
        expect(await app('search', text)).toContain(text)
        await revector.migrations.work({ once: true })
        expect([step, await find(text)]).toEqual([step, text])
        await app('remove', text)
        expect(await app('search', text)).not.toContain(text)
        expect([step, await find(text)]).toEqual([step, expect.not.stringContaining('Zebras')])
      }

      const adopted = await revector.db.adopt(table, { model: old })
      expect(adopted).toMatchObject({ rows: passages.length, verified: true })
      await goesOn()
      await revector.models.add({ modelName: next })
      await revector.migrations.start({ targetModel: next })
      await goesOn()
      await revector.migrations.verify()
      await goesOn()
      await revector.migrations.cutOver()
      await goesOn()
      await revector.migrations.rollBack()
      await goesOn()
      await revector.ingestion.migrateToNewModel({ sourceModel: old, targetModel: next })
      await goesOn()
      await revector.migrations.retire(undefined, { force: true })
      await goesOn()
      await revector.db.release()
      await revector.db.close()

      expect(await dump(place.databaseUrl)).toBe(before)
      expect(await app('search', 'When do ships leave the harbour?')).toContain(passages[0])
    })
  }
})
