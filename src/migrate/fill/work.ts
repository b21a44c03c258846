import { isRevectorError, type RevectorError } from '../../core/errors.ts'
import { systemClock } from '../../hosted/clock.ts'
import { troubleOf } from '../../postgres/retry.ts'
import type { WorkReport } from '../../wire/migration.ts'
import { providerBackOffMs } from './provider-failure.ts'
import { createRests } from './rests.ts'
import type { Shift, WorkDeps, WorkRequest } from './shift.ts'
import { emptyTally } from './tally.ts'
import { takeTurn } from './turn.ts'
import { startWorker, usualPace } from './worker.ts'

/**
 * One worker. Any number of them, in any number of processes, share the same migrations; a killed one loses
 * only the calls it had in flight.
 *
 * @throws RevectorError INTERRUPTED after `abort`, of the database, MIGRATION_UNKNOWN
 */
export async function work(deps: WorkDeps, request: WorkRequest = {}): Promise<WorkReport> {
  const { pace = usualPace, clock = systemClock } = deps
  const signal = request.abort ?? new AbortController().signal
  const stop = request.signal ?? new AbortController().signal
  const ending = AbortSignal.any([signal, stop])
  const worker = await startWorker(deps.db, pace)
  const tally = emptyTally()
  const rests = createRests(clock)
  const shift: Shift = { deps, request, worker, pace, clock, signal, stop, ending, tally, rests }
  try {
    for (let outages = 0; !ending.aborted; ) {
      const turn = await takeTurn(shift).catch((error: unknown) => {
        outages += 1
        if (!isOutage(error) || (request.once === true && outages > patience)) throw error
        request.onProgress?.({ type: 'warning', message: `Waiting for the database: ${error.message}` })
        return 'outage' as const
      })
      if (turn !== 'outage') outages = 0
      if (turn === 'idle' && request.once === true) break
      if (turn === 'worked') continue
      const waitMs = outages === 0 ? pace.pollMs : providerBackOffMs(outages)
      // Only a stop ends the wait early.
      await clock.wait(waitMs, ending).catch(() => {})
    }
  } finally {
    await worker.close()
  }
  const { estimatedTokens: _, ...done } = tally
  return { workerId: worker.id, ...done }
}

/**
 * A worker that ends when all is done gives up after this many outages, each as long as the database's client
 * waits.
 */
const patience = 3

/** The connection was lost, or the database is away, full, or a standby now: in-flight batches were released or will expire. */
function isOutage(error: unknown): error is RevectorError {
  if (isRevectorError(error, 'DATABASE_READ_ONLY') || isRevectorError(error, 'DATABASE_FULL')) return true
  if (!isRevectorError(error) || !error.code.startsWith('DATABASE_')) return false
  return error.data['outcome'] === 'unknown' || troubleOf(error.cause) !== null
}
