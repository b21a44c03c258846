import { interrupted, RevectorError } from '../core/errors.ts'
import type { Terminal } from './terminal.ts'

export interface Interrupt {
  readonly signal: AbortSignal
  /** Rejects with INTERRUPTED on the first Ctrl-C, or when the time that the work has after it is over. */
  readonly raised: Promise<never>
  /**
   * From now on the work watches the signal itself and ends at a suitable place, which is named to the user. `limitMs` after
   * the signal it is given up: what it waits for may never answer.
   */
  waitForWork(place: string, limitMs: number): void
  /** Nothing is waited for any more: an interrupted process ends with this code, whatever is still open. */
  dispose(code: number): void
}

const exitCode = 130
/** How long a process that was told to end may take to close what it has open. */
const closingMs = 1_000

/** Ctrl-C or SIGTERM: the first stops after the current batch, the second ends the process at once. */
export function listenForInterrupt(terminal: Terminal): Interrupt {
  const controller = new AbortController()
  /** Where the work will end; null while it does not watch the signal. */
  let place: string | null = null
  let limitMs = 0
  let reject: (error: Error) => void = () => {}
  const raised = new Promise<never>((_, rejectRaised) => {
    reject = rejectRaised
  })
  raised.catch(() => {})

  function onSignal(name: NodeJS.Signals): void {
    if (controller.signal.aborted) process.exit(exitCode)
    if (place !== null) terminal.note(`\nStopping after ${place}. Press Ctrl-C again to stop at once.`)
    controller.abort(name)
    if (place === null) reject(interrupted(controller.signal))
    else setTimeout(() => reject(cutOff(place ?? '', limitMs, controller.signal)), limitMs).unref()
    endIn(limitMs + closingMs, exitCode)
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)

  return {
    signal: controller.signal,
    raised,
    waitForWork(where, ms) {
      place = where
      limitMs = ms
    },
    dispose(code) {
      process.off('SIGINT', onSignal)
      process.off('SIGTERM', onSignal)
      if (controller.signal.aborted) endIn(closingMs, code)
    },
  }
}

/** If it has not ended by itself until then. */
function endIn(ms: number, code: number): void {
  setTimeout(() => process.exit(code), ms).unref()
}

function cutOff(place: string, limitMs: number, signal: AbortSignal): RevectorError {
  return new RevectorError(
    'INTERRUPTED',
    `Interrupted: ${place} did not end within ${limitMs / 1_000} s and was cut off. What was committed so far is kept.`,
    { hint: 'Run the same command again to continue from there.', cause: signal.reason },
  )
}
