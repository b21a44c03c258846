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

/** The intervals of workers. */
export interface Pace {
  /** A batch of a worker without a heartbeat for this long goes to another, in ms. */
  readonly leaseMs: number
  /** Interval of the heartbeat, in ms. */
  readonly heartbeatMs: number
  /** Interval at which an idle worker looks for work, in ms. */
  readonly pollMs: number
  /** Consecutive failures of the provider at one place after which the migration pauses. */
  readonly failures: number
}

export const usualPace: Pace = { leaseMs: 30_000, heartbeatMs: 7_000, pollMs: 1_000, failures: 5 }

/** One worker of this process, as others see it: its row, its leases, its heartbeat. */
export interface Worker {
  readonly id: string
  /** Its name in the audit log. */
  readonly actor: string
  /** From now on the lease is renewed. */
  hold(lease: Lease): void
  letGo(lease: Lease): void
  /** Counts a batch that was stored. */
  count(chunks: number): void
  /** Deletes its row; its leases expire. */
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
      // A database that is unreachable shows elsewhere; a lease that expires costs one more call.
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
        // Without its heartbeat it is considered dead all the same.
        .catch(() => {})
    },
  }
}

/**
 * On the embedded engine only this process can be working: a worker that started earlier is dead, and its
 * batches are released at once. On a server leases expire.
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
