// The service against the library: POST /search with a vector that is given, over real sockets from a process of its own,
// and the same search called in a bare loop by as many callers at once. One after the other on one machine, in turns.
import { fork } from 'node:child_process'
import { once as event } from 'node:events'
import { createRevector } from '../../dist/index.js'
import { freeModel } from '../free-model.mjs'
import { median } from '../measure.mjs'
import { withDatabase } from '../server.mjs'
import { benchService } from '../service.mjs'
import { vectorSpace } from '../vectors.mjs'
import { loadChunks } from './search.mjs'

const [rows, dimension, callers, seconds, rounds, k] = [10_000, 384, 16, 5, 3, 10]

export async function http({ serverUrl, log }) {
  return withDatabase(serverUrl, async (databaseUrl) => {
    const space = vectorSpace(dimension)
    const queries = space.sample(200, 3)
    const model = freeModel('free', { dimension, documents: space.sample(rows, 2), queries })
    const revector = await createRevector({ databaseUrl, models: [model] })
    const loader = fork(new URL('../http-loader.mjs', import.meta.url))
    try {
      await revector.db.initialize()
      await loadChunks(databaseUrl, rows)
      const sourceModel = (await revector.models.list()).find(({ current }) => current).modelName
      await revector.ingestion.migrateToNewModel({ sourceModel, targetModel: model.modelName })
      const service = await benchService(revector, 'read')
      const { secret } = service

      const bare = () => inLoops((n) => searchFor(revector, model, queries[n % queries.length]))
      const served = async () => {
        loader.send({
          url: service.url,
          secret,
          callers,
          seconds,
          k,
          queries: queries.map((query) => [...query]),
        })
        const [{ error, ...result }] = await event(loader, 'message')
        if (error !== undefined) throw new Error(error)
        return result
      }
      // Both are warm when the first round begins.
      await bare()
      await served()
      const library = []
      const overHttp = []
      for (let round = 0; round < rounds; round += 1) {
        library.push(await bare())
        overHttp.push(await served())
        log(
          `http: ${Math.round(library.at(-1))}/s in a loop, ${Math.round(overHttp.at(-1).perSecond)}/s over HTTP`,
        )
      }
      await service.stop()
      const [inLoop, answered] = [median(library), median(overHttp.map(({ perSecond }) => perSecond))]
      return [
        {
          id: 'http/search',
          title: `POST /search, ${dimension}-d, ${rows.toLocaleString('en')} chunks`,
          value: answered / inLoop,
          unit: ' × the library',
          better: 'higher',
          target: 0.6,
          detail: `${Math.round(answered)} requests/s with a key by ${callers} connections, p99 ${median(overHttp.map(({ p99 }) => p99))} ms; the library in a bare loop ${Math.round(inLoop)}/s`,
        },
      ]
    } finally {
      loader.kill()
      await revector.db.close()
    }
  })
}

function searchFor(revector, model, queryVector) {
  return revector.retriever.search({ query: 'anything', queryVector, modelName: model.modelName, topK: k })
}

/** Calls a second, by as many callers as there are connections on the other side. */
async function inLoops(call) {
  const begin = performance.now()
  const end = begin + seconds * 1_000
  let done = 0
  const caller = async () => {
    while (performance.now() < end) {
      await call(done)
      done += 1
    }
  }
  await Promise.all(Array.from({ length: callers }, caller))
  return (done * 1_000) / (performance.now() - begin)
}
