// How everything grows with the corpus: one move of each size through a migration with all its gates, then searches,
// filters, and what a service is asked often, over HTTP. The smallest size is what the others are compared with.
import pg from 'pg'
import { createRevector } from '../../dist/index.js'
import { freeModel } from '../free-model.mjs'
import { vectorBinary } from '../hand-written.mjs'
import { interleaved, median, percentile, timed } from '../measure.mjs'
import { filters, loadCorpus } from '../scale/corpus.mjs'
import { recallAt10, startServing } from '../scale/serving.mjs'
import { withDatabase } from '../server.mjs'
import { vectorSpace } from '../vectors.mjs'

const smallest = 10_000
const k = 10
const [queryCount, rounds, recallQueries] = [200, 3, 100]

export async function scale({ serverUrl, sizes, dimensions, log }) {
  const [dimension] = dimensions
  const grown = [...new Set([smallest, ...sizes])].sort((a, b) => a - b)
  const measured = []
  for (const rows of grown) {
    log(`scale: ${rows.toLocaleString('en')} × ${dimension}`)
    measured.push(await withDatabase(serverUrl, (url) => measure(url, { rows, dimension, log })))
  }
  const [base, ...larger] = measured
  return larger.flatMap((one) => figuresOf(one, base, dimension))
}

/** Milliseconds by what was asked: `{ name: { times, target… } }`, recalls and the parts of the move. */
async function measure(databaseUrl, { rows, dimension, log }) {
  const space = vectorSpace(dimension)
  const documents = space.sample(rows, 2)
  const queries = space.sample(queryCount, 3)
  const model = freeModel('free', { dimension, documents, queries })
  const revector = await createRevector({ databaseUrl, models: [model] })
  try {
    await revector.db.initialize()
    await loadCorpus(databaseUrl, rows)
    const move = await moved(revector, model.modelName, rows, log)
    const searchFor = (i, filter) =>
      revector.retriever.search({
        query: `query ${i}`,
        queryVector: queries[i],
        modelName: model.modelName,
        topK: k,
        ...(filter && { filter }),
      })
    const asked = {}
    const recalls = {}
    const search = async (name, filter, turns) => {
      const times = []
      for (let i = 0; i < Math.min(50, queryCount); i += 1) await searchFor(i, filter)
      for (let turn = 0; turn < turns; turn += 1)
        for (let i = 0; i < queryCount; i += 1) times.push((await timed(() => searchFor(i, filter))).ms)
      asked[name] = times
      recalls[name] = await recallAt10(documents, queries.slice(0, recallQueries), {
        search: (i) => searchFor(i, filter),
        passes: filter === undefined ? undefined : filters[name].passes,
      })
      log(
        `scale: ${name}: p50 ${median(times).toFixed(2)} ms, p95 ${percentile(times, 0.95).toFixed(2)} ms, recall ${recalls[name].toFixed(3)}`,
      )
    }
    // For its recall: its times are those in turns with hand-written SQL.
    await search('search', undefined, 1)
    const byHand = await measureByHand(databaseUrl, queries, move.effort, asked, searchFor)
    log(`scale: by hand on the same index: p50 ${median(byHand).toFixed(2)} ms`)
    for (const [name, { filter }] of Object.entries(filters)) await search(name, filter, 1)
    const serving = await startServing(revector)
    try {
      Object.assign(asked, await serving.measure(searchFor, log))
    } finally {
      await serving.stop()
    }
    return { rows, move, asked, byHand, recalls }
  } finally {
    await revector.db.close()
  }
}

/**
 * The same searches in hand-written SQL, in the same index with the same effort: what of the growth is pgvector's. In
 * turns with searches of ours, whose times take the place of those before.
 */
async function measureByHand(databaseUrl, queries, effort, asked, searchFor) {
  const pool = new pg.Pool({
    connectionString: databaseUrl,
    max: 1,
    options: `-c hnsw.ef_search=${effort?.efSearch ?? 40} -c enable_seqscan=off`,
  })
  try {
    const { rows } = await pool.query(`select id, dimension from embedding_models where state = 'current'`)
    const [{ id, dimension }] = rows
    const text = `
      select c.id, c.document_id, c.content, d.title, d.source, d.metadata, e.distance
      from (
        select chunk_id, embedding_${dimension} <=> $1 as distance from chunk_embeddings_model_${id}
        order by embedding_${dimension} <=> $1 limit ${k}
      ) e join chunks c on c.id = e.chunk_id join documents d on d.id = c.document_id
      order by e.distance`
    const ask = (i) => pool.query({ name: 'nearest', text, values: [vectorBinary(queries[i])] })
    const turns = Array.from({ length: rounds }, () => [...queries.keys()]).flat()
    const times = await interleaved({ ours: searchFor, byHand: ask }, turns)
    asked.search = times.ours
    return times.byHand
  } finally {
    await pool.end()
  }
}

/** The whole move: what each of its parts took, in seconds. */
async function moved(revector, targetModel, rows, log) {
  const parts = { index: 0 }
  const began = performance.now()
  await revector.migrations.start({ targetModel })
  await revector.migrations.work({
    once: true,
    onProgress: (event) => {
      if (event.type === 'index.building' && event.fraction === undefined)
        parts.fill = (performance.now() - began) / 1_000
      if (event.type === 'index.built') parts.index = event.seconds
      if (event.type === 'warning') log(`scale: ${event.message}`)
    },
  })
  const status = await revector.migrations.status()
  parts.seconds = (performance.now() - began) / 1_000
  parts.verify = parts.seconds - parts.fill - parts.index
  if (status.state !== 'ready')
    throw new Error(`The move ended ${status.state}: ${JSON.stringify(status.reason)}`)
  await revector.migrations.cutOver()
  const effort = (await revector.models.list()).find(({ current }) => current).effort
  log(
    `scale: moved in ${parts.seconds.toFixed(0)} s: fill ${parts.fill.toFixed(0)}, index ${parts.index.toFixed(0)}, verification ${parts.verify.toFixed(0)}; effort ${JSON.stringify(effort)}`,
  )
  return { ...parts, perSecond: rows / parts.seconds, effort }
}

function figuresOf({ rows, move, asked, byHand, recalls }, base, dimension) {
  const at = `${dimension}-d, ${rows.toLocaleString('en')} chunks`
  const id = (name) => `scale/${dimension}/${rows}/${name}`
  const figures = [
    {
      id: id('move'),
      title: `move, ${at}`,
      value: move.seconds / 60,
      unit: ' min',
      better: 'lower',
      detail: `${Math.round(move.perSecond).toLocaleString('en')} chunks/s; fill ${move.fill.toFixed(0)} s, index ${move.index.toFixed(0)} s, verification ${move.verify.toFixed(0)} s; at ${base.rows.toLocaleString('en')}: ${Math.round(base.move.perSecond).toLocaleString('en')} chunks/s`,
    },
  ]
  for (const [name, times] of Object.entries(asked)) {
    const [now, before] = [median(times), median(base.asked[name])]
    const growth = `${(now / before).toFixed(1)} × that of ${base.rows.toLocaleString('en')} (${before.toFixed(2)} ms)`
    const detail = `p50 ${now.toFixed(2)} ms, p95 ${percentile(times, 0.95).toFixed(2)} ms, most ${Math.max(...times).toFixed(0)} ms, ${growth}`
    if (name === 'search') {
      figures.push({
        id: id(name),
        title: `search p50, ${at}`,
        value: now / before,
        unit: ` × of ${base.rows.toLocaleString('en')}`,
        better: 'lower',
        target: 3,
        detail: `${detail}; ef_search ${move.effort?.efSearch}, then ${base.move.effort?.efSearch}`,
      })
      const [hand, handBefore] = [median(byHand), median(base.byHand)]
      figures.push({
        id: id('search by hand'),
        title: `search p50 in the same index, ${at}`,
        value: now / hand,
        unit: ' × by hand',
        better: 'lower',
        target: 1.15,
        detail: `by hand p50 ${hand.toFixed(2)} ms, p95 ${percentile(byHand, 0.95).toFixed(2)} ms, ${(hand / handBefore).toFixed(1)} × that of ${base.rows.toLocaleString('en')}`,
      })
    } else {
      const often = name !== 'doctor'
      figures.push({
        id: id(name),
        title: `${name}, ${at}`,
        value: now,
        unit: ' ms',
        better: 'lower',
        ...(often && { target: 100 }),
        detail,
      })
    }
  }
  for (const [name, recall] of Object.entries(recalls)) {
    figures.push({
      id: id(`recall of ${name}`),
      title: `recall@${k} of ${name}, ${at}`,
      value: recall,
      unit: '',
      better: 'higher',
      target: 0.97,
      detail: `${recallQueries} queries against exact; at ${base.rows.toLocaleString('en')}: ${base.recalls[name].toFixed(3)}`,
    })
  }
  return figures
}
