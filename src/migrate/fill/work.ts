import { isRevectorError, type RevectorError } from '../../core/errors.ts'
import type { Migration, MigrationId } from '../../core/migration.ts'
import type { Model } from '../../core/model.ts'
import type { OnProgress } from '../../core/progress.ts'
import type { EmbeddingModel } from '../../embedding/contract.ts'
import { type Clock, systemClock } from '../../hosted/clock.ts'
import { troubleOf } from '../../postgres/retry.ts'
import { tryLock } from '../../store/held-lock.ts'
import { openMigrations, requireMigration } from '../../store/migrations.ts'
import { isGone } from '../../store/missing-column.ts'
import { allModels } from '../../store/models.ts'
import { clearEmbedded } from '../../store/pending.ts'
import { advance } from '../advance.ts'
import type { VerifyDeps } from '../verify/gate.ts'
import { verifyMigration } from '../verify/verify-migration.ts'
import { buildTargetHnswIndex } from './build-index.ts'
import { embedPending } from './embed-pending.ts'
import { backOffMs, failureOf } from './failures.ts'
import { pauseFor } from './fill-lane.ts'
import { fillMigration } from './fill-migration.ts'
import { emptyTally, type Tally } from './tally.ts'
import { actorOf, type Pace, startWorker, usualPace, type Worker } from './worker.ts'

export interface WorkDeps extends VerifyDeps {
  readonly clock?: Clock
  readonly pace?: Pace
  /** See `BuildOptions.helpers`. Default: 0. */
  readonly buildHelpers?: number
}

export interface WorkRequest {
  /** Only this one; absent: every open migration, the oldest first, and what is pending. */
  readonly migrationId?: MigrationId
  /** Ends when there is nothing more to do; otherwise it waits for more until it is told to stop. */
  readonly once?: boolean
  /** Batches under way at once. Default: what the model allows, and one that is being stored. */
  readonly concurrency?: number
  /** What is in hand is finished, then the worker ends. */
  readonly signal?: AbortSignal
  /** Ends at once; what is in hand is given back. */
  readonly abort?: AbortSignal
  readonly onProgress?: OnProgress
  /** Told of the provider's failures, which a worker survives. */
  readonly onFailure?: (error: RevectorError) => void
}

export interface WorkReport {
  readonly workerId: string
  readonly batches: number
  /** Vectors that a provider made for migrations. */
  readonly embedded: number
  /** Vectors taken from chunks of the same text. */
  readonly reused: number
  readonly quarantined: number
  /** Chunks that were pending to a written model, and are not any more. */
  readonly pending: number
  readonly tokens: number
}

/** What a worker found to do: something, nothing, or something that another is at. */
type Turn = 'worked' | 'idle' | 'others'

/**
 * One worker. Any number of them, in any number of processes, share the same migrations; one that is killed loses
 * nothing but the calls it had under way.
 *
 * @throws RevectorError INTERRUPTED after `abort`, of the database, MIGRATION_UNKNOWN
 */
export async function work(deps: WorkDeps, request: WorkRequest = {}): Promise<WorkReport> {
  const { pace = usualPace, clock = systemClock, db } = deps
  const signal = request.abort ?? new AbortController().signal
  const stop = request.signal ?? new AbortController().signal
  const either = AbortSignal.any([signal, stop])
  const worker = await startWorker(db, pace)
  const shift = createShift({ deps, request, worker, pace, clock, signal, stop })
  try {
    for (let failures = 0; !either.aborted; ) {
      const turn = await shift.turn().catch((error: unknown) => {
        failures += 1
        if (!isOutage(error) || (request.once === true && failures > patience)) throw error
        request.onProgress?.({ type: 'warning', message: `The database is waited for: ${error.message}` })
        return 'outage' as const
      })
      if (turn !== 'outage') failures = 0
      if (turn === 'idle' && request.once === true) break
      if (turn === 'worked') continue
      const waitMs = failures === 0 ? pace.pollMs : backOffMs(failures)
      // Only being told to stop ends the wait early.
      await clock.wait(waitMs, either).catch(() => {})
    }
  } finally {
    await worker.close()
  }
  return shift.report()
}

/** Who works until all is done gives up after so many outages, each as long as the database's client waits. */
const patience = 3

/** The connection was lost, or the database is away: what was in hand was given back or will run out. */
function isOutage(error: unknown): error is RevectorError {
  if (!isRevectorError(error) || !error.code.startsWith('DATABASE_')) return false
  return error.data['outcome'] === 'unknown' || troubleOf(error.cause) !== null
}

interface ShiftOptions {
  readonly deps: WorkDeps
  readonly request: WorkRequest
  readonly worker: Worker
  readonly pace: Pace
  readonly clock: Clock
  readonly signal: AbortSignal
  readonly stop: AbortSignal
}

function createShift({ deps, request, worker, pace, clock, signal, stop }: ShiftOptions) {
  const { db, layout, models } = deps
  const { onProgress, concurrency } = request
  const tally: Tally = emptyTally()
  let pending = 0
  /** By model: when it may be asked again, and how often it failed. */
  const resting = new Map<number, { readonly until: number; readonly failures: number }>()

  function rest(model: Model): number {
    const failures = (resting.get(model.id)?.failures ?? 0) + 1
    resting.set(model.id, { until: clock.now() + backOffMs(failures), failures })
    return failures
  }
  const isResting = (model: Model): boolean => (resting.get(model.id)?.until ?? 0) > clock.now()

  async function openTarget(migration: Migration, target: Model): Promise<EmbeddingModel | null> {
    try {
      return await models.open(target)
    } catch (error) {
      // Another process has brought it: the migration is not this one's to pause.
      if (target.provider === 'custom' && request.migrationId === undefined) {
        resting.set(target.id, { until: Number.POSITIVE_INFINITY, failures: 0 })
        onProgress?.({ type: 'warning', message: error instanceof Error ? error.message : String(error) })
        return null
      }
      await failed(error, migration, target)
      return null
    }
  }

  async function fill(migration: Migration, target: Model): Promise<Turn> {
    const opened = await openTarget(migration, target)
    if (opened === null) return 'others'
    resting.delete(target.id)
    const complete = await fillMigration({
      ...{
        db,
        layout,
        migration,
        target,
        opened,
        worker,
        pace,
        clock,
        signal,
        stop,
        concurrency,
        onProgress,
        tally,
      },
      onFailure: (error) => request.onFailure?.(error),
    })
    if (complete) {
      await clearEmbedded(db, target)
      await db.transaction((tx) =>
        advance(tx, migration.id, { event: 'filled', data: {}, actor: actorOf(worker.id) }),
      )
    }
    return 'worked'
  }

  async function judge(migration: Migration, target: Model): Promise<Turn> {
    const lock = await tryLock(db, `verify ${migration.id}`)
    if (lock === null) return 'others'
    try {
      const either = AbortSignal.any([signal, stop])
      const { id: migrationId } = migration
      // Another may have verified it a moment ago.
      if ((await requireMigration(db, migrationId)).state !== 'verifying') return 'worked'
      await verifyMigration(deps, { migrationId, actor: actorOf(worker.id), signal: either })
      return 'worked'
    } catch (error) {
      if (stop.aborted && !signal.aborted) return 'others'
      // Awaited here: rejected before the lock is given back, it would be nobody's.
      return await failed(error, migration, target)
    } finally {
      await lock.release()
    }
  }

  /** The provider failed outside a batch. */
  async function failed(error: unknown, migration: Migration, target: Model): Promise<Turn> {
    const failure = failureOf(error)
    if (failure === null) throw error
    request.onFailure?.(failure.error)
    const failures = rest(target)
    if (failure.lasting || failures >= pace.failures) {
      await pauseFor({ db, migration, worker }, failure.error, 'provider')
      resting.delete(target.id)
    }
    return 'others'
  }

  /** Paused, cancelled or widened by somebody else while it was worked on: what failed was about a state it has left. */
  async function unlessMovedOn({ id, state }: Migration, error: unknown): Promise<Turn> {
    if (!isRevectorError(error, 'MIGRATION_STATE') && !isGone(error)) throw error
    if ((await requireMigration(db, id)).state === state) throw error
    return 'worked'
  }

  async function workOn(migration: Migration): Promise<Turn> {
    const target = (await allModels(db)).find((model) => model.id === migration.targetModelId)
    if (target === undefined) return 'idle'
    if (isResting(target))
      return resting.get(target.id)?.until === Number.POSITIVE_INFINITY ? 'idle' : 'others'
    switch (migration.state) {
      case 'filling':
        return fill(migration, target)
      case 'indexing': {
        const actor = actorOf(worker.id)
        const either = AbortSignal.any([signal, stop])
        const helpers = deps.buildHelpers ?? 0
        const options = { actor, signal: either, onProgress, helpers }
        const built = await buildTargetHnswIndex(db, migration, target, options)
        return built ? 'worked' : 'others'
      }
      case 'verifying':
        return judge(migration, target)
      default:
        return 'idle'
    }
  }

  /** Who works on one migration pays only what its target is pending. */
  async function pay(only: Migration | undefined): Promise<Turn> {
    const except = (model: Model) =>
      isResting(model) || (only !== undefined && only.targetModelId !== model.id)
    const paid = await embedPending(deps, { signal, stop, except })
    pending += paid.chunks
    tally.tokens += paid.tokens
    for (const [model, error] of paid.failed) {
      rest(model)
      onProgress?.({
        type: 'warning',
        message: `What ${model.modelName} is pending has to wait: ${error.message}`,
      })
    }
    return paid.chunks > 0 ? 'worked' : 'idle'
  }

  return {
    async turn(): Promise<Turn> {
      const { migrationId } = request
      const found =
        migrationId === undefined ? await openMigrations(db) : [await requireMigration(db, migrationId)]
      let turn: Turn = 'idle'
      for (const migration of found) {
        const one = await workOn(migration).catch((error) => unlessMovedOn(migration, error))
        if (one === 'worked') return one
        if (one === 'others') turn = one
      }
      const paid = await pay(migrationId === undefined ? undefined : found[0])
      return paid === 'worked' ? paid : turn
    },
    report(): WorkReport {
      const { batches, embedded, reused, quarantined, tokens } = tally
      return { workerId: worker.id, batches, embedded, reused, quarantined, pending, tokens }
    },
  }
}
