import { expect, test } from 'vitest'
import { isRevectorError } from '../../src/core/errors.ts'
import { createRevector, type Revector } from '../../src/library/revector.ts'
import type { Hit, SearchResult, Serve } from '../../src/wire/search.ts'
import { describeEngines } from '../support/engines.ts'

const source = 'lexical-hash-64'
const target = 'lexical-hash-96'
const queries = ['ships in the harbour', 'bread rises slowly', 'owls and the moon']
const chunks = 240

/** What a model alone says of a query: its best, and the distance of every chunk. */
interface Alone {
  readonly best: readonly Hit[]
  readonly distances: ReadonlyMap<string, number>
}

describeEngines('search never flinches', (engine) => {
  test('through fill, cut-over, roll-back, another cut-over and retire', { timeout: 180_000 }, async () => {
    const revector = await createRevector(await engine.readyPlace())
    await writeCorpus(revector)
    const searching = searchOnAndOn(revector, await answersOfEach(revector))
    try {
      const { migrations } = revector
      const phases: Record<string, number> = {}
      const phase = async (name: string, work: () => Promise<unknown>) => {
        const from = searching.answers.length
        await work()
        // A few searches at least that began after it.
        await searching.goesOn(6)
        phases[name] = searching.answers.length - from
      }
      await phase('start', () => migrations.start({ sourceModel: source, targetModel: target }))
      await phase('fill', () => migrations.work({ once: true }))
      await phase('cut-over', () => migrations.cutOver())
      await phase('roll-back', () => migrations.rollBack())
      await phase('again', () => migrations.run({ sourceModel: source, targetModel: target }))
      await phase('retire', () => migrations.retire(undefined, { force: true }))
      const { failures, answers } = await searching.end()

      expect(failures).toEqual([])
      expect(Object.values(phases).every((searches) => searches >= 6)).toBe(true)
      const asked = answers.map(({ models }) => models.join(' + '))
      expect(new Set(asked)).toEqual(new Set([source, target, `${source} + ${target}`]))
      expect(asked.at(-1)).toBe(target)
    } finally {
      await searching.end()
      await revector.db.close()
    }
  })
})

async function writeCorpus({ db, models, ingestion }: Revector): Promise<void> {
  await db.initialize()
  for (const modelName of [source, target]) await models.add({ modelName })
  await models.use(source, { force: true })
  const words = [
    'ships',
    'bread',
    'owls',
    'moon',
    'harbour',
    'dough',
    'masts',
    'tides',
    'glaciers',
    'violins',
  ]
  for (let i = 0; i < chunks; i += 1) {
    const content = `Note ${i}: ${words[i % 10]} and ${words[Math.floor(i / 10) % 10]}, ${words[(i * 7) % 10]} of item ${i}.`
    await ingestion.ingestDocument({ title: `Note ${i}`, content, embeddingModel: source })
  }
}

/** The target is filled and emptied again: in the end the database is as it was. */
async function answersOfEach({
  retriever,
  models,
  documents,
  ingestion,
}: Revector): Promise<Map<string, Alone>> {
  const { documents: all } = await documents.list({ limit: 1_000 })
  for (const { id } of all) await ingestion.updateDocumentEmbeddings({ documentId: id, modelName: target })
  const found = new Map<string, Alone>()
  for (const modelName of [source, target]) {
    for (const query of queries) {
      const { hits } = await retriever.search({ query, modelName, topK: 1_000 })
      expect(hits).toHaveLength(chunks)
      found.set(`${modelName} ${query}`, {
        best: hits.slice(0, 10),
        distances: new Map(hits.map((hit) => [hit.chunkId, hit.distance])),
      })
    }
  }
  await models.remove(target)
  await models.add({ modelName: target })
  return found
}

function searchOnAndOn({ retriever }: Revector, reference: ReadonlyMap<string, Alone>) {
  const answers: SearchResult[] = []
  const failures: string[] = []
  let ended = false
  let told = (): void => {}

  async function once(query: string, serve: Serve | undefined): Promise<void> {
    try {
      const answer = await retriever.search({ query, topK: 10, serve })
      failures.push(...faultsOf(answer, reference))
      answers.push(answer)
    } catch (error) {
      // Asked for what is not there yet, and told so.
      if (serve === 'target' && isRevectorError(error, 'MODEL_EMPTY')) return
      failures.push(`${serve}: ${String(error)}`)
    }
  }
  const loop = (async () => {
    // One fault is enough; there would be as many as there are searches.
    while (!ended && failures.length < 5) {
      for (const query of queries) {
        for (const serve of [undefined, 'source', 'target', 'both'] as const) await once(query, serve)
        told()
      }
    }
    told()
  })()
  return {
    answers,
    async goesOn(searches: number): Promise<void> {
      if (failures.length >= 5) return
      const until = answers.length + searches + 4
      await new Promise<void>((resolve) => {
        told = () => {
          if (answers.length >= until || failures.length >= 5) resolve()
        }
      })
    },
    async end() {
      ended = true
      await loop
      return { failures, answers }
    },
  }
}

/** An answer of one model must be what it alone says; one of both may hold distances of either, under its own name. */
function faultsOf(answer: SearchResult, reference: ReadonlyMap<string, Alone>): string[] {
  const { models, hits, query, coverage } = answer
  const faults: string[] = []
  const [only] = models
  if (models.length === 1 && only !== undefined && coverage[only] === 1) {
    const { best } = reference.get(`${only} ${query}`) ?? { best: [] }
    if (JSON.stringify(hits.map(placeOf)) !== JSON.stringify(best.map(placeOf))) {
      const [said, meant] = [hits, best].map((list) =>
        list.map(placeOf).map(({ chunkId, distance }) => `${chunkId} ${distance}`),
      )
      faults.push(
        `${only} did not say of "${query}" what it says alone, but ${said?.join(', ') || 'nothing'}; alone ${meant?.join(', ')}`,
      )
    }
  }
  for (const hit of hits) {
    for (const [model, { distance }] of Object.entries(hit.models)) {
      const own = reference.get(`${model} ${query}`)?.distances.get(hit.chunkId)
      if (distance !== own) faults.push(`${model}: chunk ${hit.chunkId} at ${distance}, alone at ${own}`)
    }
  }
  if (new Set(hits.map((hit) => hit.chunkId)).size !== hits.length) faults.push('a chunk appears twice')
  return faults
}

function placeOf({ chunkId, distance, rank }: Hit) {
  return { chunkId, distance, rank }
}
