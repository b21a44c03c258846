// A worker in a process of its own, made to be killed. Runs what was compiled; asks the test's provider over HTTP.
// argv: { place, pace, limits }
import { openEmbeddingModel } from '../../dist/embedding/open.js'
import { work } from '../../dist/migrate/fill/work.js'
import { connectDatabase } from '../../dist/postgres/connect.js'
import { loadLayout } from '../../dist/schema/layout.js'
import { openMigrations } from '../../dist/store/migrations.js'

const { place, pace, limits } = JSON.parse(process.argv[2])
const notLetIn = 3
const { db, layout } = await enter()
const environment = { keys: {}, localModelPath: null, cacheDir: '', limits }

async function enter() {
  try {
    const opened = await connectDatabase({ ...place, poolSize: 4 })
    return { db: opened, layout: await loadLayout(opened) }
  } catch (error) {
    process.stderr.write(`${error.code} ${error.message}`)
    process.exit(notLetIn)
  }
}

/** Fills ask the provider. The samples of the verification are embedded here, alike, so that they are not counted. */
async function open(model) {
  if (model.provider === 'lexical-hash') return openEmbeddingModel(model, environment)
  const remote = await openEmbeddingModel(model, environment)
  const here = { ...model, provider: 'lexical-hash', remoteName: `lexical-hash-${model.dimension}` }
  const local = await openEmbeddingModel(here, environment)
  const asked = async () =>
    (await openMigrations(db)).some(({ state }) => state === 'filling') ? remote : local
  return {
    ...remote,
    embed: async (texts, options) => (await asked()).embed(texts, options),
    embedEach: async (texts, options) => (await asked()).embedEach(texts, options),
  }
}

await work({ db, layout, models: { open }, pace }, { once: true, concurrency: 1 })
await db.close()
