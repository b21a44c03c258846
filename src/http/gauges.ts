import { openStates } from '../wire/migration.ts'
import type { HttpDeps } from './deps.ts'
import { figuresOf } from './figures.ts'
import type { Metrics } from './metrics.ts'
import type { App } from './route.ts'

/** These need counting rows: not more often than this, however many clients ask, in ms. */
const freshMs = 10_000

/** Gauges of the present state. Returns a function to call before the page is written. */
export function createGauges(
  app: App,
  { revector, registry }: Pick<HttpDeps, 'revector'> & Pick<Metrics, 'registry'>,
): () => Promise<void> {
  const { gauge } = figuresOf(registry)
  const up = gauge('database_up', 'Whether the database responds.')
  const connections = gauge(
    'database_connections',
    'Connections to the database, and callers that wait for one.',
    'state',
  )
  const behind = gauge('schema_revisions_behind', 'Revisions that the schema lacks.')
  const embeddings = gauge('model_embeddings', 'Vectors of a model.', 'model')
  const coverage = gauge('model_coverage', 'Vectors of a model / chunks, 0 to 1.', 'model')
  const current = gauge('model_current', '1: searches use this model.', 'model')
  const indexBytes = gauge('model_index_bytes', 'Size of a model’s HNSW index.', 'model')
  const pending = gauge('pending_chunks', 'Chunks pending for a model.', 'model')
  const quarantined = gauge('quarantined_chunks', 'Chunks that a model can’t embed.', 'model')
  const rate = gauge(
    'fill_chunks_per_second',
    'Chunks per second that a migration embedded in the last minute.',
    'target',
  )
  const left = gauge('fill_chunks_left', 'Chunks a migration has to embed.', 'target')
  const spent = gauge('fill_cost_usd', 'What an open migration has cost.', 'target')
  const memory = gauge('process_resident_bytes', 'Memory of this process.')
  const heap = gauge('process_heap_bytes', 'Memory used by JavaScript.')
  const delay = gauge('process_event_loop_delay_seconds', 'Delay of the event loop.')
  const cpu = gauge('process_cpu_seconds_total', 'Processor time of this process.')
  const unanswered = gauge('http_requests_unanswered', 'Requests being answered.')

  function process_(): void {
    const { rss, heapUsed } = process.memoryUsage()
    const { user, system } = process.cpuUsage()
    memory.set(rss)
    heap.set(heapUsed)
    cpu.set((user + system) / 1_000_000)
    delay.set(app.memoryUsage().eventLoopDelay / 1_000)
    unanswered.set(app.stop.unanswered())
  }

  async function database(): Promise<void> {
    const health = await revector.db.health()
    up.set(1)
    behind.set(Math.max(0, health.latestRevision - health.revision))
    for (const [state, number] of Object.entries(health.connections)) connections.set({ state }, number)
    pending.reset()
    quarantined.reset()
    for (const model of health.models) {
      pending.set({ model: model.modelName }, model.pending)
      quarantined.set({ model: model.modelName }, model.quarantined)
    }
  }

  async function rows(): Promise<void> {
    const models = await revector.models.list()
    for (const each of [embeddings, coverage, current, indexBytes, rate, left, spent]) each.reset()
    for (const { modelName: model, state, ...counts } of models) {
      if (state === 'retired') continue
      embeddings.set({ model }, counts.embeddings)
      coverage.set({ model }, counts.coverage)
      current.set({ model }, counts.current ? 1 : 0)
      indexBytes.set({ model }, counts.index?.bytes ?? 0)
    }
    for (const migration of await revector.migrations.list()) {
      if (!openStates.some((state) => state === migration.state)) continue
      const { targetModel: target, ...status } = await revector.migrations.status(migration.id)
      rate.set({ target }, status.chunksPerSecond)
      left.set({ target }, Math.max(0, status.totalChunks - status.doneChunks - status.quarantinedChunks))
      spent.set({ target }, status.costUsd)
    }
  }

  let counted = Number.NEGATIVE_INFINITY
  let counting: Promise<void> | null = null
  return async () => {
    process_()
    try {
      await database()
      if (performance.now() - counted < freshMs) return
      counting ??= rows().finally(() => {
        counted = performance.now()
        counting = null
      })
      await counting
    } catch {
      // The page reports that, with what it can still report.
      up.set(0)
    }
  }
}
