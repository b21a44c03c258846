import { interrupted } from '../core/errors.ts'
import type { Terminal } from './terminal.ts'

export interface Interrupt {
  readonly signal: AbortSignal
  /** Rejects with INTERRUPTED on the first Ctrl-C unless `waitForWork` was called before. */
  readonly raised: Promise<never>
  /**
   * From now on the work watches the signal itself and ends at a suitable place, which is named to the user.
   */
  waitForWork(place: string): void
  dispose(): void
}

const exitCode = 130

/** Ctrl-C or SIGTERM: the first stops after the current batch, the second ends the process at once. */
export function listenForInterrupt(terminal: Terminal): Interrupt {
  const controller = new AbortController()
  /** Where the work will end; null while it does not watch the signal. */
  let place: string | null = null
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
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)

  return {
    signal: controller.signal,
    raised,
    waitForWork(where) {
      place = where
    },
    dispose() {
      process.off('SIGINT', onSignal)
      process.off('SIGTERM', onSignal)
    },
  }
}
