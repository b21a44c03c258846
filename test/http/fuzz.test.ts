import type { InjectOptions } from 'fastify'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { operations } from '../../src/http/contract/operations.ts'
import type { App } from '../../src/http/route.ts'
import type { Revector } from '../../src/library/revector.ts'
import { embedded } from '../support/engines.ts'
import { call, held } from './support/calls.ts'
import { nextRequest, type Tool } from './support/fuzz-requests.ts'
import { chance } from './support/fuzz-values.ts'
import { least } from './support/least.ts'
import { openApp, openLibrary, small, wide, withAgents } from './support/service.ts'

/** `REVECTOR_FUZZ=100000 REVECTOR_FUZZ_SEED=7 npx vitest run test/http/fuzz.test.ts` asks for more, and for others. */
const requests = Number(process.env['REVECTOR_FUZZ'] ?? 10_000)
const seed = Number(process.env['REVECTOR_FUZZ_SEED'] ?? 20_261_122)
const hangsAfterMs = 60_000

let revector: Revector
let app: App
let tools: readonly Tool[]
/** What agents are told nothing about. */
const toolFaults: unknown[] = []

beforeAll(async () => {
  revector = await openLibrary(embedded)
  app = await openApp(revector, { extend: withAgents((fault) => toolFaults.push(fault)) })
  tools = (await call(app, 'mcp', least['mcp'])).json.result.tools
  for (let i = 0; i < 20; i++) {
    const title = `Kept ${i}`
    await revector.ingestion.ingestDocument({
      title,
      content: `Tea number ${i} is kept.`,
      source: `kept:${i}`,
      metadata: { i },
    })
  }
})
afterAll(async () => {
  await app.close()
  await revector.db.close()
})

/** Everything that was stored before, as it is read through the library. */
async function kept() {
  const { documents } = await revector.documents.list({ query: 'kept:', limit: 1_000 })
  const texts = await Promise.all(documents.map(({ id }) => revector.documents.get(id)))
  return texts.map(({ chunkList, ...document }) => ({ ...document, chunks: chunkList }))
}

async function everything() {
  const { documents, chunks, models, revision } = await revector.db.status()
  const { migrations } = { migrations: await revector.migrations.list({ limit: 1_000 }) }
  const sample = await revector.models.sample(small, { limit: 1_000 })
  return {
    documents,
    chunks,
    models,
    revision,
    migrations: migrations.length,
    sample: sample.chunks.map((one) => [one.chunkId, ...one.vector]),
  }
}

async function ask(options: InjectOptions, what: string) {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`No answer within ${hangsAfterMs} ms: ${what}`)), hangsAfterMs)
  })
  try {
    return await Promise.race([app.inject(options), late])
  } finally {
    clearTimeout(timer)
  }
}

/** Sends the sequence of a seed; gives back what was answered. */
async function send(count: number, from: number, only: (method: string, id: string) => boolean) {
  const by = chance(from)
  const chosen = operations.filter(({ method, id }) => only(method, id))
  const answers: {
    readonly id: string
    readonly status: number
    readonly options: InjectOptions
    readonly text: string
  }[] = []
  const faults: string[] = []
  for (let i = 0; i < count; i++) {
    const { operation, bent, options } = nextRequest({ operations: chosen, tools }, by)
    const what = `seed ${from}, request ${i}: ${options.method} ${String(options.url).slice(0, 300)} ${String(options.payload ?? '').slice(0, 300)}`
    const response = await ask(options, what)
    const { statusCode: status, payload: text } = response
    if (status >= 500) faults.push(`${what}\n${text.slice(0, 500)}`)
    // An id may be such that its address leads elsewhere.
    else if (!bent && status !== 404 && status !== 405) {
      try {
        held(operation, response)
      } catch (error) {
        faults.push(`${what}\n${String(error).slice(0, 500)}`)
      }
    }
    if (faults.length >= 20) break
    answers.push({ id: operation.id, status, options, text })
  }
  expect(faults).toEqual([])
  expect(toolFaults).toEqual([])
  return answers
}

it(`${requests} hostile requests: no 5xx, no hang, and nothing is changed that should not be`, {
  timeout: 600_000 + requests * 20,
}, async () => {
  const before = { kept: await kept(), all: await everything() }

  const reading = await send(
    Math.ceil(requests * 0.4),
    seed,
    (method, id) => method === 'GET' || ['search', 'query', 'planMigration'].includes(id),
  )
  expect(await everything()).toEqual(before.all)
  expect(reading.filter(({ status }) => status === 200).length).toBeGreaterThan(reading.length / 10)

  const writing = await send(Math.floor(requests * 0.6), seed + 1, () => true)
  expect(await kept()).toEqual(before.kept)

  const done = (id: string, status: number) => writing.filter((one) => one.id === id && one.status === status)
  expect(done('removeDocument', 204)).toEqual([])
  const added = new Set<string>()
  for (const { text } of done('addDocuments', 201)) added.add((JSON.parse(text) as { id: string }).id)
  for (const { text } of done('addDocuments', 200)) {
    for (const file of (JSON.parse(text) as { files: { id: string | null }[] }).files)
      if (file.id !== null) added.add(file.id)
  }
  const results = done('mcp', 200).map(({ text }) => JSON.parse(text).result)
  const written = results.flatMap((result) => result?.structuredContent?.document_id ?? [])
  expect(results.filter((result) => result?.isError === undefined).length).toBeGreaterThan(written.length)
  expect(written.length).toBeGreaterThan(0)
  for (const id of written) added.add(id)
  expect(added.size).toBeGreaterThan(0)
  const after = await everything()
  expect(after.documents).toBe(before.all.documents + added.size)
  const named = (models: typeof after.models) => models.map((model) => model.modelName)
  const registered = done('addModel', 201).map(
    ({ text }) => (JSON.parse(text) as { model_name: string }).model_name,
  )
  for (const name of named(after.models)) expect([...named(before.all.models), ...registered]).toContain(name)
  for (const name of named(before.all.models)) expect(named(after.models)).toContain(name)
  expect(
    (await revector.retriever.search({ query: 'tea number 7 is kept', modelName: small })).hits.length,
  ).toBeGreaterThan(0)
  expect([small, wide, ...registered]).toContain(
    (await revector.models.list()).find((model) => model.current)?.modelName,
  )
})
