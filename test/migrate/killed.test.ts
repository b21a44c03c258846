import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { describe, expect, inject, it, onTestFinished } from 'vitest'
import { specFor } from '../../src/embedding/catalogue.ts'
import { hashText } from '../../src/embedding/providers/lexical-hash.ts'
import type { Pace } from '../../src/migrate/fill/worker.ts'
import { addModel } from '../../src/models/registry.ts'
import { connectDatabase } from '../../src/postgres/connect.ts'
import type { Database } from '../../src/postgres/database.ts'
import { sql } from '../../src/postgres/sql.ts'
import { hnswIndexOf } from '../../src/schema/hnsw-index.ts'
import type { Layout } from '../../src/schema/layout.ts'
import { readVectors } from '../../src/store/embeddings.ts'
import { requireMigration } from '../../src/store/migrations.ts'
import type { Model } from '../../src/wire/model.ts'
import { testCorpus, writeLines } from '../support/corpus-deps.ts'
import { embedded } from '../support/engines.ts'
import { beginFill, texts } from '../support/fills.ts'
import { ownServer } from '../support/own-server.ts'

const [dimension, batchItems] = [24, 8]
/** `npm run test:killed` sets more. */
const kills = Number(process.env['REVECTOR_KILLS'] ?? 50)
const pace: Pace = { leaseMs: 6_000, heartbeatMs: 1_000, pollMs: 50, failures: 5 }

/** Exit code of a child that could not open the database. */
const notLetIn = 3

type Place = { readonly dataDir: string } | { readonly databaseUrl: string }

interface Filling {
  readonly model: Model
  readonly layout: Layout
  readonly migrationId: number
}

/** A corpus, and a migration to a model that is asked at the URL, which is filling. */
async function begin(place: Place, baseUrl: string, chunks: number): Promise<Filling> {
  return using(place, async (db) => {
    const corpus = await testCorpus(db)
    const spec = specFor('remote', { dimension, provider: 'openai-compatible', baseUrl })
    const model = await addModel(corpus, spec)
    await writeLines(corpus, 'a.md', texts(chunks))
    const { id } = await beginFill(corpus, { target: model, settings: { batchItems } })
    return { model, layout: corpus.layout, migrationId: id }
  })
}

async function using<T>(place: Place, use: (db: Database) => Promise<T>): Promise<T> {
  const db = await connectDatabase(place)
  try {
    return await use(db)
  } finally {
    await db.close()
  }
}

/** Answers well, and tells of every request when it comes and when its answer is out. */
async function provider(on: (moment: 'asked' | 'answered') => void) {
  const counted = { requests: 0 }
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const part of request.setEncoding('utf8')) body += part
    counted.requests += 1
    on('asked')
    const { input } = JSON.parse(body) as { input: string[] }
    const data = input.map((text, index) => ({ index, embedding: [...hashText(text, dimension)] }))
    response.on('close', () => on('answered'))
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(
      JSON.stringify({ object: 'list', model: 'm', data, usage: { prompt_tokens: 1, total_tokens: 1 } }),
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return { counted, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1` }
}

/** Processes that work until there is nothing left; who is killed is replaced. */
function crew(place: Place, size: number) {
  const file = fileURLToPath(new URL('fill-child.mjs', import.meta.url))
  const limits = { remote: { batchItems, concurrency: 1 } }
  const alive = new Set<ChildProcess>()
  const said: string[] = []
  let killed = 0
  let over = false
  async function seat(): Promise<void> {
    while (!over) {
      const child = spawn(process.execPath, [file, JSON.stringify({ place, pace, limits })])
      alive.add(child)
      let stderr = ''
      child.stderr.on('data', (text) => {
        stderr += String(text)
      })
      const [code, signal] = (await once(child, 'close')) as [number | null, string | null]
      alive.delete(child)
      // Who begins while the server is away is not let in: whoever supervises it begins it again.
      if (code === notLetIn) continue
      if (signal !== 'SIGKILL' && code !== 0) said.push(stderr)
      if (code === 0 || said.length > 0) over = true
    }
  }
  return {
    killed: () => killed,
    /** One of those that live, whatever it is doing. */
    killOne(): void {
      const all = [...alive]
      const victim = all[Math.floor(Math.random() * all.length)]
      if (victim?.kill('SIGKILL') !== true) return
      alive.delete(victim)
      killed += 1
    },
    /** What those said that ended by themselves, but not well. */
    async untilDone(): Promise<readonly string[]> {
      await Promise.all(Array.from({ length: size }, seat))
      return said
    },
  }
}

async function expectWhole(place: Place, { model, layout, migrationId }: Filling, chunks: number) {
  await using(place, async (db) => {
    const { rows } = await db.query<{ id: string; content: string }>(
      sql`select id::text as id, content from chunks`,
    )
    const ids = rows.map((row) => row.id)
    const stored = await readVectors(db, layout, model, ids)
    const wrong = rows.filter(({ id, content }) => {
      const vector = stored.get(id)
      return vector === undefined || hashText(content, dimension).some((value, i) => value !== vector[i])
    })
    expect(wrong).toEqual([])
    const { rows: counts } = await db.query(sql`
      select (select count(*)::int from chunk_embeddings where model_id = ${model.id}) as vectors,
        (select count(*)::int from migration_batches) as batches,
        (select count(*)::int from quarantined_chunks) as quarantined`)
    expect(counts).toEqual([{ vectors: chunks, batches: 0, quarantined: 0 }])
    // Progress moved with the vectors, once for each.
    const { embedded: made, reused, state } = await requireMigration(db, migrationId)
    expect({ made, reused, state }).toEqual({ made: chunks, reused: 0, state: 'ready' })
    expect(await hnswIndexOf(db, model)).toMatchObject({ valid: true })
  })
}

async function killing(
  place: Place,
  options: {
    readonly kills: number
    readonly workers: number
    /** Called after so many kills. */
    readonly onKill?: (killed: number) => void
  },
) {
  const batches = options.kills * 3
  const chunks = batches * batchItems
  let strike: () => void = () => {}
  const asked = await provider((moment) => {
    // By chance; when there are no more batches than have to be, whenever there is somebody to be killed.
    if (Math.random() > 0.3 && asked.counted.requests < batches) return
    // While it waits for the answer, has just got it, or stores it.
    if (moment === 'asked' || Math.random() < 0.5) strike()
    else setTimeout(() => strike(), Math.random() * 15)
  })
  const filling = await begin(place, asked.url, chunks)
  const workers = crew(place, options.workers)
  strike = () => {
    if (workers.killed() >= options.kills) return
    workers.killOne()
    options.onKill?.(workers.killed())
  }
  expect(await workers.untilDone()).toEqual([])
  expect(workers.killed()).toBe(options.kills)
  await expectWhole(place, filling, chunks)
  return { requests: asked.counted.requests, minimum: batches }
}

describe.runIf(inject('serverPrograms') !== null)('workers that are killed', () => {
  it(`lose, double and spoil nothing, and repeat one call each (server, ${kills} kills)`, {
    timeout: 120_000 + kills * 3_000,
  }, async () => {
    const server = await ownServer()
    const [workers, restarts] = [3, 2]
    let restarting = Promise.resolve()
    const killed = killing(
      { databaseUrl: server.databaseUrl },
      {
        kills,
        workers,
        onKill(killed) {
          if (killed % Math.ceil(kills / (restarts + 1)) !== 0 || killed === kills) return
          restarting = restarting.then(server.stop).then(server.start)
        },
      },
    )
    const { requests, minimum } = await killed.finally(() => restarting)
    // A lease may run out while the server is away.
    expect(requests).toBeLessThanOrEqual(minimum + kills + restarts * workers)
  })
})

describe('a worker of the embedded engine that is killed', () => {
  it('loses, doubles and spoils nothing, and goes on at once', { timeout: 120_000 }, async () => {
    const place = await embedded.place()
    const { requests, minimum } = await killing(place, { kills: 2, workers: 1 })
    expect(requests).toBeLessThanOrEqual(minimum + 2)
  })
})
