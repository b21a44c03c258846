// Search in one model, and the fill that comes before it: Revector's own calls against hand-written SQL on a
// plain table of the same vectors, with an HNSW index built by the same settings and searched with the same effort.
import { createRevector } from '../../dist/index.js'
import { defaultTuning, efSearchFor } from '../../dist/store/nearest-tuning.js'
import { freeModel } from '../free-model.mjs'
import { createIndex, createTable, insertRows, openHandWritten, searcher } from '../hand-written.mjs'
import { interleaved, median, percentile, timed } from '../measure.mjs'
import { once, withDatabase } from '../server.mjs'
import { exactNearest, vectorSpace } from '../vectors.mjs'

const perDocument = 10
const [queryCount, rounds, recallQueries, k] = [300, 3, 50, 10]
const passage = (n) => `passage ${n} of the corpus`

export async function search({ serverUrl, sizes, dimensions, log }) {
  const figures = []
  for (const rows of sizes) {
    for (const dimension of dimensions) {
      const measured = await withDatabase(serverUrl, (databaseUrl) =>
        measure(databaseUrl, rows, dimension, log),
      )
      figures.push(...measured)
    }
  }
  const kinds = ['search', 'recall', 'fill']
  return kinds.flatMap((kind) => figures.filter((figure) => figure.id.startsWith(`${kind}/`)))
}

async function measure(databaseUrl, rows, dimension, log) {
  const what = `${dimension}-d, ${rows.toLocaleString('en')} chunks`
  log(`search: ${what}: making vectors`)
  const space = vectorSpace(dimension)
  const documents = space.sample(rows, 2)
  const queries = space.sample(queryCount, 3)
  const model = freeModel(`free-${dimension}`, { dimension, documents, queries })

  const revector = await createRevector({ databaseUrl, models: [model] })
  let plain = await openHandWritten(databaseUrl, dimension)
  try {
    await revector.db.initialize()
    await loadChunks(databaseUrl, rows)
    const fill = await filled(revector, plain, model, documents)
    log(`search: ${what}: filled in ${fill.ours.toFixed(1)} s, by hand in ${fill.byHand.toFixed(1)} s`)

    // Both sides look equally hard.
    const current = (await revector.models.list()).find(({ current }) => current)
    await plain.close()
    plain = await openHandWritten(databaseUrl, dimension, {
      efSearch: efSearchFor(defaultTuning, current, k),
    })
    const contenders = {
      ours: (i) =>
        // Both sides begin with the query's vector: what a model takes to make it is not measured.
        revector.retriever.search({
          query: `query ${i}`,
          queryVector: queries[i],
          modelName: model.modelName,
          topK: k,
        }),
      byHand: (
        (run) => (i) =>
          run(queries[i])
      )(searcher(plain)),
    }
    // Whose HNSW index was built last has its pages in memory: each side gets a whole round first.
    const turns = Array.from({ length: rounds }, () => [...queries.keys()]).flat()
    const times = await interleaved(contenders, turns, { warmUp: queryCount })
    const [ours, byHand] = [median(times.ours), median(times.byHand)]
    log(`search: ${what}: ${ours.toFixed(2)} ms, by hand ${byHand.toFixed(2)} ms`)
    const recall = await recalls(contenders, documents, queries)
    return [
      {
        id: `search/${dimension}/${rows}`,
        title: `search p50, ${what}`,
        value: ours / byHand,
        unit: ' × by hand',
        better: 'lower',
        target: 1.15,
        detail: `${ours.toFixed(2)} ms, by hand ${byHand.toFixed(2)} ms; p95 ${percentile(times.ours, 0.95).toFixed(2)} and ${percentile(times.byHand, 0.95).toFixed(2)} ms`,
      },
      {
        id: `recall/${dimension}/${rows}`,
        title: `recall@${k}, ${what}`,
        value: recall.ours,
        unit: '',
        better: 'higher',
        target: 0.95,
        detail: `by hand ${recall.byHand.toFixed(3)}; against exact, ${recallQueries} queries`,
      },
      {
        id: `fill/${dimension}/${rows}`,
        title: `fill of a second model, ${what}`,
        value: fill.byHand / fill.ours,
        unit: ' × by hand',
        better: 'higher',
        detail: `${Math.round(rows / fill.ours).toLocaleString('en')} chunks/s with HNSW index, by hand ${Math.round(rows / fill.byHand).toLocaleString('en')}`,
      },
    ]
  } finally {
    await revector.db.close()
    await plain.close()
  }
}

/** Documents and chunks as an ingest leaves them, without vectors; `title` and `metadata` in SQL, of document `n`. */
export async function loadChunks(
  databaseUrl,
  rows,
  { title = `'document ' || n`, metadata = `'{}'::jsonb` } = {},
) {
  // What is not known to be on disk can't be marked as visible to all: a count would read every row for it.
  await once(
    databaseUrl,
    // As Revector's own writers say so: what is loaded is not pending.
    `set synchronous_commit = on; set revector.writer = 'on';
     with document as (
       insert into documents (title, content, content_hash, source, metadata)
       select ${title}, '', '', 'bench:' || n, ${metadata} from generate_series(1, ${rows / perDocument}) as n
       returning id
     ), numbered as (select id, row_number() over (order by id) - 1 as n from document),
     passage as (
       select id, part, 'passage ' || (n * ${perDocument} + part) || ' of the corpus' as content
       from numbered, generate_series(0, ${perDocument - 1}) as part
     )
     insert into chunks (document_id, position, content, content_hash, start_offset, end_offset, token_count)
     select id, part, content, encode(sha256(convert_to(content, 'UTF8')), 'hex'), 0, length(content), 6 from passage`,
  )
  await once(databaseUrl, 'vacuum analyze')
}

/** Seconds to make every chunk searchable in the model, HNSW index included. */
async function filled(revector, plain, model, documents) {
  const sourceModel = (await revector.models.list()).find((other) => other.current).modelName
  const ours = await timed(() =>
    revector.ingestion.migrateToNewModel({ sourceModel, targetModel: model.modelName }),
  )
  await createTable(plain)
  const byHand = await timed(async () => {
    await insertRows(plain, documents, passage, perDocument)
    await createIndex(plain)
  })
  return { ours: ours.ms / 1000, byHand: byHand.ms / 1000 }
}

/** Share of the exact nearest that were found; as near as the last of them counts as found. */
async function recalls(contenders, documents, queries) {
  const found = { ours: 0, byHand: 0 }
  for (let i = 0; i < recallQueries; i++) {
    const exact = new Set(exactNearest(documents, queries[i], k).map(passage))
    const { hits } = await contenders.ours(i)
    found.ours += hits.filter((hit) => exact.has(hit.content)).length
    found.byHand += (await contenders.byHand(i)).filter((row) => exact.has(row.content)).length
  }
  return { ours: found.ours / (recallQueries * k), byHand: found.byHand / (recallQueries * k) }
}
