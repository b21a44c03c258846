import { setTimeout as delay } from 'node:timers/promises'
import { type BackOff, backOffMs } from '../core/back-off.ts'
import { throwIfAborted } from '../core/errors.ts'
import type { LockHolder } from '../postgres/database.ts'
import type { Sql } from '../postgres/sql.ts'

const asking: BackOff = { firstMs: 75, longestMs: 750 }

/**
 * Takes a lock that the holder keeps. Asks again and again rather than wait inside the server: a session that waits there
 * holds a snapshot, for which CREATE INDEX CONCURRENTLY of the other would wait in turn.
 *
 * @returns false when another has it and the caller is not patient
 */
export async function takeAdvisoryLock(
  holder: Pick<LockHolder, 'tryLock'>,
  key: Sql,
  options: {
    readonly patient: boolean
    readonly signal: AbortSignal | undefined
    /** Told once, when another has it. */
    readonly onWait?: () => void
  },
): Promise<boolean> {
  const { patient, signal, onWait } = options
  for (let attempt = 1; ; attempt += 1) {
    throwIfAborted(signal)
    if (await holder.tryLock(key)) return true
    if (!patient) return false
    if (attempt === 1) onWait?.()
    await pause(backOffMs(attempt, asking), signal)
  }
}

/** @throws RevectorError INTERRUPTED */
export async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  await delay(ms, undefined, signal && { signal }).catch(() => throwIfAborted(signal))
}
