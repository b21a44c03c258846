import * as z from 'zod'
import type { ChunkId } from '../core/document.ts'
import type { Of } from './codec.ts'
import type { GateName, MigrationReason, MigrationScope, MigrationState } from './migration.ts'

/** A recorded event, and an item of the event stream. */
export const migrationEvent = z
  .strictObject({
    id: z
      .int()
      .describe(
        'Ascending in the order of commits of one migration: pass the last one seen as `after` to continue.',
      ),
    migrationId: z.int().nullable(),
    at: z.date(),
    actor: z.string().describe('The actor: a user at a host, or a worker.'),
    type: z.string(),
    data: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'MigrationEvent' })

/** The data of each type of event. */
export interface MigrationEventData {
  started: { readonly source: string; readonly target: string; readonly scope: MigrationScope }
  widened: { readonly scope: MigrationScope; readonly before: MigrationScope }
  enqueued: { readonly batches: number; readonly chunks: number }
  batch: {
    readonly chunks: number
    readonly embedded: number
    readonly reused: number
    readonly quarantined: number
    readonly tokens: number
    readonly costUsd: number
    readonly worker: string
  }
  quarantined: { readonly chunkId: ChunkId; readonly code: string; readonly reason: string }
  retried: { readonly chunks: number }
  paused: { readonly from: MigrationState; readonly reason: Omit<MigrationReason, 'at'> }
  resumed: Readonly<Record<string, never>>
  filled: Readonly<Record<string, never>>
  indexed: { readonly rows: number; readonly seconds: number }
  /** A verification, or a cut-over that went ahead; `actor` accepted what had failed. */
  passed: { readonly overridden: readonly GateName[] }
  failed: { readonly gates: readonly GateName[] }
  /** Chunks without a vector were found: back to filling. */
  gaps: { readonly missing: number; readonly found: 'verify' | 'cut-over' }
  /** No valid HNSW index was found: back to indexing. */
  unindexed: { readonly index: string | null }
  cut_over: { readonly from: string; readonly to: string; readonly overridden: readonly GateName[] }
  rolled_back: { readonly from: string; readonly to: string; readonly pending: number }
  retired: { readonly model: string; readonly bytes: number }
  cancelled: { readonly model: string; readonly dropped: boolean }
  /** After a cancel: the target's disk space was freed. */
  emptied: { readonly model: string; readonly bytes: number }
  worker_started: { readonly worker: string; readonly host: string; readonly pid: number }
  worker_ended: { readonly worker: string; readonly batches: number; readonly chunks: number }
  worker_lost: { readonly worker: string; readonly batches: number }
}
export type MigrationEventType = keyof MigrationEventData

/** An event with the data of its type. */
export type MigrationEvent = {
  readonly [Type in MigrationEventType]: Omit<Of<typeof migrationEvent>, 'type' | 'data'> & {
    readonly type: Type
    readonly data: MigrationEventData[Type]
  }
}[MigrationEventType]
