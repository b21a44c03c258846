import type { Pool, PoolClient } from 'pg'
import { cutConnection } from './client-wire.ts'
import { databaseError, type Place } from './errors.ts'
import { type Trouble, troubleOf } from './retry.ts'
import type { Silence } from './silence.ts'

/** How long a server that was reached before and is now away (a restart) is waited for. */
export const reconnectMs = 30_000

export interface AcquireOptions {
  readonly pool: Pool
  readonly place: Place
  readonly silence: Silence | null
  /** Connections that may fail before no server is left to try. */
  readonly attempts: number
  assertOpen(): void
  pause(trouble: Trouble, attempt: number): Promise<void>
}

/** Takes clients from the pool: waits for a server that restarts, but not for one that does not answer. */
export function createAcquire(options: AcquireOptions): () => Promise<PoolClient> {
  const { pool, silence, attempts } = options

  async function connected(): Promise<PoolClient> {
    if (silence === null) return pool.connect()
    // While the server is away, no more wait than the pool makes attempts.
    if (silence.away() !== null && pool.waitingCount > 0) throw silence.away()
    let wanted = true
    const connecting = pool.connect().then((client) => {
      if (!wanted) client.release()
      return client
    })
    connecting.catch(() => {})
    try {
      return await silence.unlessAway(connecting)
    } finally {
      wanted = false
    }
  }

  return async () => {
    options.assertOpen()
    const deadline = Date.now() + reconnectMs
    for (let attempt = 1; ; attempt++) {
      try {
        const client = await connected()
        if (silence?.suspects(client) !== true) return client
        cutConnection(client)
        client.release(true)
      } catch (error) {
        options.assertOpen()
        const trouble = troubleOf(error)
        const more = attempt < attempts
        if (trouble === null || Date.now() > deadline || (trouble === 'silent' && !more)) {
          throw databaseError(error, options.place)
        }
        if (!more) await options.pause(trouble, attempt)
      }
    }
  }
}
