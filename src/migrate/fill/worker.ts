import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import type { Database, Queryable } from '../../postgres/database.ts'
import { extendLeases, type Lease, releaseBatchesOf } from '../../store/migration-batches.ts'
import { recordEvent } from '../../store/migration-events.ts'
import {
  beat,
  deleteSilentWorkers,
  deleteWorker,
  deleteWorkersFromBefore,
  insertWorker,
} from '../../store/migration-workers.ts'

function actorOf(workerId: string): string {
  return `worker ${workerId}`
}

/** How workers pace themselves. */
export interface Pace {
  /** A batch of a worker that has not been heard of for so long goes to another, ms. */
  readonly leaseMs: number
  /** How often a worker says that it lives, ms. */
  readonly heartbeatMs: number
  /** How often it looks for something to do while there is nothing, ms. */
  readonly pollMs: number
  /** Failures of the provider at one place, one after the other, after which the migration pauses. */
  readonly failures: number
}

export const usualPace: Pace = { leaseMs: 30_000, heartbeatMs: 7_000, pollMs: 1_000, failures: 5 }

/** One loop of this process, as others see it: its row, its leases, its heartbeat. */
export interface Worker {
  readonly id: string
  /** What it is called in the audit. */
  readonly actor: string
  /** From now on the lease is kept alive. */
  hold(lease: Lease): void
  letGo(lease: Lease): void
  /** Counts a batch that was stored. */
  count(chunks: number): void
  /** Its row goes; what it still holds runs out. */
  close(): Promise<void>
}

export async function startWorker(db: Database, pace: Pace): Promise<Worker> {
  const me = { id: randomUUID(), host: hostname(), pid: process.pid }
  const actor = actorOf(me.id)
  const held = new Set<Lease>()
  let batches = 0
  let chunks = 0
  let beating: Promise<void> | null = null

  await db.transaction(
    async (tx) => {
      await forgetDead(tx, db.concurrent, pace)
      await insertWorker(tx, me)
      const data = { worker: me.id, host: me.host, pid: me.pid }
      await recordEvent(tx, { migrationId: null, actor, type: 'worker_started', data })
    },
    { idempotent: true },
  )
  async function sayAlive(): Promise<void> {
    try {
      await extendLeases(db, me.id, [...held], pace.leaseMs)
      await beat(db, { ...me, batches, chunks })
    } catch {
      // Whoever has work for the database in hand will notice; a lease that runs out costs one more call.
    }
  }
  const timer = setInterval(() => {
    beating ??= sayAlive().finally(() => {
      beating = null
    })
  }, pace.heartbeatMs)
  timer.unref()

  return {
    id: me.id,
    actor,
    hold: (lease) => void held.add(lease),
    letGo: (lease) => void held.delete(lease),
    count(stored) {
      batches += 1
      chunks += stored
    },
    async close() {
      clearInterval(timer)
      await beating
      const data = { worker: me.id, batches, chunks }
      await db
        .transaction(async (tx) => {
          await deleteWorker(tx, me.id)
          await recordEvent(tx, { migrationId: null, actor, type: 'worker_ended', data })
        })
        // It is missed all the same when its heartbeat is.
        .catch(() => {})
    },
  }
}

/**
 * On the embedded engine only this process can be at work: who began before it did is dead, and what it held is free
 * at once. On a server leases run out.
 */
async function forgetDead(db: Queryable, concurrent: boolean, pace: Pace): Promise<void> {
  const dead = concurrent
    ? await deleteSilentWorkers(db, 10 * pace.leaseMs)
    : await deleteWorkersFromBefore(db, new Date(Date.now() - process.uptime() * 1_000))
  for (const { id } of dead) {
    const batches = await releaseBatchesOf(db, id)
    const data = { worker: id, batches }
    await recordEvent(db, { migrationId: null, actor: actorOf(id), type: 'worker_lost', data })
  }
}
