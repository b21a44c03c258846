// An application's table that is adopted where it is, as LangChain.js makes it: searches through Revector against the same
// table in hand-written SQL, and how long adopting holds up its writers, by size.
import { createRevector } from '../../dist/index.js'
import { defaultTuning, efSearchFor } from '../../dist/store/nearest-tuning.js'
import { freeModel } from '../free-model.mjs'
import { openHandWritten, vectorBinary } from '../hand-written.mjs'
import { interleaved, median, percentile } from '../measure.mjs'
import { withDatabase } from '../server.mjs'
import { vectorSpace } from '../vectors.mjs'

const [queryCount, rounds, k] = [300, 3, 10]
/** Larger tables have no HNSW index here, which would take minutes, and are not searched: only the lock is measured. */
const mostSearched = 200_000

export async function adopted({ serverUrl, sizes, dimensions, log }) {
  const [dimension] = dimensions
  const figures = []
  for (const rows of sizes)
    figures.push(
      ...(await withDatabase(serverUrl, (databaseUrl) => measure(databaseUrl, { rows, dimension, log }))),
    )
  return figures
}

async function measure(databaseUrl, { rows, dimension, log }) {
  const what = `${dimension}-d, ${rows.toLocaleString('en')} rows`
  const space = vectorSpace(dimension)
  const documents = space.sample(rows, 2)
  const queries = space.sample(queryCount, 3)
  const model = freeModel('free', { dimension, documents, queries })
  // Both sides look equally hard.
  const efSearch = efSearchFor(defaultTuning, { dimension, distance: 'cosine' }, k)
  const plain = await openHandWritten(databaseUrl, dimension, { efSearch })
  const revector = await createRevector({ databaseUrl, schema: 'beside', models: [model] })
  try {
    const searched = rows <= mostSearched
    await makeTable(plain, documents, dimension, { index: searched })
    const { lockedMs } = await revector.db.adopt('passages', { model: model.modelName })
    log(`adopted: ${what}: writers held up for ${lockedMs.toFixed(1)} ms`)
    const lock = {
      id: `adopted/${dimension}/${rows}/lock`,
      title: `adopting, ${what}`,
      value: lockedMs,
      unit: ' ms',
      better: 'lower',
      target: 100,
      detail: 'so long the table takes no writes',
    }
    if (!searched) return [lock]
    const contenders = {
      ours: (i) => revector.retriever.search({ query: `query ${i}`, queryVector: queries[i], topK: k }),
      byHand: (i) =>
        plain.pool.query({
          name: 'nearest',
          text: `select id, content, metadata, embedding <=> $1 as distance from passages order by embedding <=> $1 limit ${k}`,
          values: [vectorBinary(queries[i])],
        }),
    }
    for (let i = 0; i < 50; i += 1) for (const one of Object.values(contenders)) await one(i)
    const turns = Array.from({ length: rounds }, () => [...queries.keys()]).flat()
    const times = await interleaved(contenders, turns)
    const [ours, byHand] = [median(times.ours), median(times.byHand)]
    return [
      {
        id: `adopted/${dimension}/${rows}/search`,
        title: `search in an adopted table, ${what}`,
        value: ours / byHand,
        unit: ' × by hand',
        better: 'lower',
        target: 1.1,
        detail: `p50 ${ours.toFixed(2)} ms, p95 ${percentile(times.ours, 0.95).toFixed(2)} ms; by hand on the same table ${byHand.toFixed(2)} and ${percentile(times.byHand, 0.95).toFixed(2)} ms`,
      },
      lock,
    ]
  } finally {
    await revector.db.close()
    await plain.close()
  }
}

async function makeTable({ pool, toArray }, vectors, dimension, { index }) {
  await pool.query(
    `create table passages (id bigint primary key, content text, metadata jsonb, embedding vector(${dimension}))`,
  )
  for (let from = 0; from < vectors.length; from += 500) {
    const batch = vectors.slice(from, from + 500)
    await pool.query(
      `insert into passages
       select id, 'passage ' || id || ' of the corpus', jsonb_build_object('source', id || '.md'), embedding
       from unnest($1::bigint[], $2::vector[]) as u (id, embedding)`,
      [batch.map((_, i) => from + i), toArray(batch)],
    )
  }
  await pool.query(`set maintenance_work_mem = '1GB'`)
  if (index) await pool.query('create index on passages using hnsw (embedding vector_cosine_ops)')
  await pool.query('analyze passages')
}
