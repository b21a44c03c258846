import { expect, it } from 'vitest'
import { type ErrorCode, isRevectorError } from '../../src/core/errors.ts'
import { specFor } from '../../src/embedding/catalogue.ts'
import type { EmbeddingModel } from '../../src/embedding/contract.ts'
import { openEmbeddingModel } from '../../src/embedding/open.ts'
import { hashText } from '../../src/embedding/providers/lexical-hash.ts'
import { writeDocuments } from '../../src/ingest/write.ts'
import { fillModel } from '../../src/migrate/fill/fill-model.ts'
import { work } from '../../src/migrate/fill/work.ts'
import { resumeMigration } from '../../src/migrate/pause.ts'
import { addModel } from '../../src/models/registry.ts'
import { sql } from '../../src/postgres/sql.ts'
import { readVectors } from '../../src/store/embeddings.ts'
import { openMigrations } from '../../src/store/migrations.ts'
import { setModelState } from '../../src/store/models.ts'
import { recordPending } from '../../src/store/pending.ts'
import { quarantinedChunks } from '../../src/store/quarantine.ts'
import type { Model } from '../../src/wire/model.ts'
import { type TestCorpus, testCorpus } from '../support/corpus-deps.ts'
import { describeEngines, type Engine } from '../support/engines.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { beginFill, quick, stateOf, texts } from '../support/fills.ts'
import { bareEnvironment } from '../support/models.ts'
import { lines } from '../support/paragraphs.ts'
import { type FakeProvider, fakeProvider } from '../support/providers/server.ts'

const dimension = 24
const all = texts(12)
const bad = 'text number 7'

/** How a fault has to end, whichever way the vectors were to be made. */
interface End {
  /** Why all of it failed, and nothing was stored. */
  readonly failed?: ErrorCode
  /** Why the bad text alone could not be embedded: the others have their vectors. */
  readonly refused?: ErrorCode
}

const stored: End = {}

const faults: readonly (readonly [string, (provider: FakeProvider) => void, End])[] = [
  ['zeros once', (provider) => provider.fail('zero'), stored],
  ['zeros once for one text', (provider) => provider.poison(bad, 'zero', 1), stored],
  ['NaN once', (provider) => provider.fail('null'), stored],
  ['NaN once for one text', (provider) => provider.poison(bad, 'null', 1), stored],
  ['an infinity once', (provider) => provider.fail('too-large'), stored],
  ['a list too short once', (provider) => provider.fail('short'), stored],
  ['a wrong width once', (provider) => provider.fail('wrong-width'), stored],
  ['a rate limit once', (provider) => provider.fail({ status: 429 }), stored],
  ['a server error once', (provider) => provider.fail({ status: 500 }), stored],
  ['one refused text', (provider) => provider.poison(bad), { refused: 'PROVIDER_REFUSED' }],
  ['one text of zeros', (provider) => provider.poison(bad, 'zero'), { refused: 'PROVIDER_REPLY_INVALID' }],
  ['one text of NaN', (provider) => provider.poison(bad, 'null'), { refused: 'PROVIDER_REPLY_INVALID' }],
  ['zeros always', (provider) => provider.failAlways('zero'), { failed: 'PROVIDER_REPLY_INVALID' }],
  [
    'a list too short always',
    (provider) => provider.failAlways('short'),
    { failed: 'PROVIDER_REPLY_INVALID' },
  ],
  [
    'a wrong width always',
    (provider) => provider.failAlways('wrong-width'),
    { failed: 'EMBEDDING_DIMENSION_MISMATCH' },
  ],
  ['a rate limit always', (provider) => provider.failAlways({ status: 429 }), { failed: 'RATE_LIMITED' }],
  [
    'every request refused',
    (provider) => provider.failAlways({ status: 400 }),
    { failed: 'PROVIDER_REFUSED' },
  ],
  ['a refused key', (provider) => provider.failAlways({ status: 401 }), { failed: 'PROVIDER_REFUSED' }],
  ['a dead provider', (provider) => provider.failAlways('reset'), { failed: 'PROVIDER_UNAVAILABLE' }],
]

/** One way to give a model its vectors. @returns the code with which all of it failed, or what it said of single texts */
type Way = (place: Place) => Promise<End>

interface Place {
  readonly corpus: TestCorpus
  readonly model: Model
  readonly deps: Parameters<typeof work>[0]
}

const ways: Readonly<Record<string, Way>> = {
  'models fill': async ({ model, deps }) => {
    try {
      await fillModel(deps, model)
      return {}
    } catch (error) {
      if (!isRevectorError(error)) throw error
      return error.data['chunk_ids'] === undefined ? { failed: error.code } : { refused: error.code }
    }
  },

  'a migration': async ({ corpus, model, deps }) => {
    const open = await openMigrations(corpus.db)
    const paused = open.find(({ targetModelId }) => targetModelId === model.id)
    if (paused !== undefined) await resumeMigration(corpus, { migrationId: paused.id })
    const settings = { allowedQuarantined: 1 }
    const migration = paused ?? (await beginFill(corpus, { target: model, settings }))
    const failures: ErrorCode[] = []
    await work(deps, { migrationId: migration.id, once: true, onFailure: ({ code }) => failures.push(code) })
    const { state, error } = await stateOf(corpus, migration)
    expect(error?.code).toBe(failures.at(-1))
    expect(state).toBe(failures.length === 0 ? 'ready' : 'paused')
    return { failed: failures.at(-1) }
  },

  'pending chunks': async ({ corpus, model, deps }) => {
    const { db, layout } = corpus
    const { rows } = await db.query<{ id: string }>(sql`select id::text as id from chunks`)
    const ids = rows.map((row) => row.id)
    await setModelState(db, model.id, 'standby')
    await db.transaction((tx) => recordPending(tx, layout, model, ids))
    const failures: ErrorCode[] = []
    await work(deps, { once: true, onFailure: ({ code }) => failures.push(code) })
    return { failed: failures.at(-1) }
  },

  'an ingest': async ({ model, deps }) => {
    const documents = all.map((text) => lines(text, [text]))
    const failing = new Set<number>()
    try {
      const written = await writeDocuments(deps, documents, { failing, modelName: model.modelName })
      const [refused] = written.documents.flatMap((one) => (one.outcome === 'failed' ? [one.error] : []))
      return { refused: refused?.code }
    } catch (error) {
      if (!isRevectorError(error)) throw error
      return { failed: error.code }
    }
  },
}

async function place(corpus: TestCorpus, name: string): Promise<Place & { readonly provider: FakeProvider }> {
  const provider = await fakeProvider('openai-compatible', dimension)
  const spec = specFor(name, { dimension, provider: 'openai-compatible', baseUrl: provider.url })
  const model = await addModel(corpus, spec)
  const clock = fakeClock()
  const limits = { [name]: { batchItems: 8 } }
  const opened: EmbeddingModel = await openEmbeddingModel(
    model,
    { ...bareEnvironment, limits },
    { clock, random: () => 0.5 },
  )
  return {
    corpus,
    model,
    provider,
    deps: { ...corpus, pace: quick, clock, models: { open: async () => opened } },
  }
}

/** Which texts have their right vectors, and which are in quarantine. */
async function found({ corpus, model }: Place) {
  const { db, layout } = corpus
  const { rows } = await db.query<{ id: string; content: string }>(
    sql`select id::text as id, content from chunks`,
  )
  const ids = rows.map((row) => row.id)
  const vectors = await readVectors(db, layout, model, ids)
  for (const { id, content } of rows) {
    const vector = vectors.get(id)
    if (vector !== undefined) expect([...vector]).toEqual([...hashText(content, dimension)])
  }
  const quarantined = await quarantinedChunks(db, layout, model.id, { limit: 100 })
  const contentOf = (id: string) => rows.find((row) => row.id === id)?.content
  return {
    texts: rows.flatMap(({ id, content }) => (vectors.has(id) ? [content] : [])).toSorted(),
    quarantined: quarantined.map(({ chunkId, code }) => [contentOf(chunkId), code]),
  }
}

async function expectEnd(corpus: TestCorpus, [name, fault, end]: (typeof faults)[number]): Promise<void> {
  const { failed, refused } = end
  for (const [way, take] of Object.entries(ways)) {
    const said = `${name}, ${way}`
    const at = await place(corpus, said.replaceAll(/\W+/g, '-'))
    fault(at.provider)
    const told = await take(at)
    expect(told.failed, said).toBe(failed)
    // Neither a migration nor the payment of pending chunks has a caller to tell: they only quarantine.
    if (way === 'models fill' || way === 'an ingest') expect(told.refused, said).toBe(refused)
    const good = all.filter((text) => refused === undefined || text !== bad)
    // An ingest refuses the document: there is no chunk to quarantine.
    const quarantined = refused === undefined || way === 'an ingest' ? [] : [[bad, refused]]
    expect(await found(at), said).toEqual({ texts: failed === undefined ? good.toSorted() : [], quarantined })
    if (failed === undefined) continue
    // Nothing is lost by it: when the provider is well again, the same call does the rest.
    at.provider.failAlways('none')
    expect(await take(at), said).toEqual({})
    expect(await found(at), said).toEqual({ texts: all.toSorted(), quarantined: [] })
  }
}

describeEngines('the same fault ends the same, whichever way the vectors are made', (engine: Engine) => {
  const ends = (some: (end: End) => boolean) => async () => {
    const corpus = await testCorpus(await engine.connect())
    const documents = all.map((text) => lines(text, [text]))
    await writeDocuments(corpus, documents, { failing: new Set() })
    for (const one of faults.filter(([, , end]) => some(end))) await expectEnd(corpus, one)
  }

  it(
    'passes: what comes once is asked for again',
    ends((end) => end === stored),
  )
  it(
    'leaves out the one text it belongs to',
    ends(({ refused }) => refused !== undefined),
  )
  it(
    'fails with the same code, and loses nothing',
    ends(({ failed }) => failed !== undefined),
  )
})
