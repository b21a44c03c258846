import type { Queryable } from '../../postgres/database.ts'
import { describeTakeover, type TakeoverOptions } from './describe.ts'
import { onlineSteps } from './online-steps.ts'
import type { Takeover } from './record.ts'
import { spoken } from './table-facts.ts'

/** What an upgrade will do, said before it starts. */
export interface UpgradePlan {
  /** The table that is taken over, its vector column and size. */
  readonly table: string
  readonly column: string
  readonly dimension: number
  readonly rows: number
  readonly bytes: number
  /** The model its vectors belong to; null: it is empty and none was named. */
  readonly model: string | null
  readonly chunks: { readonly table: string; readonly textColumn: string }
  readonly documents: { readonly table: string; readonly titleColumn: string; readonly created: boolean }
  readonly steps: readonly PlannedStep[]
  readonly warnings: readonly string[]
}

export interface PlannedStep {
  readonly step: string
  readonly does: string
  readonly locks: string
  readonly growsWithRows: boolean
}

/** Only reads. Refuses what the upgrade itself would refuse. */
export async function planTakeover(
  db: Queryable,
  options: TakeoverOptions,
  underWay: Takeover | null,
): Promise<UpgradePlan> {
  const takeover = underWay ?? (await describeTakeover(db, options))
  const { layout } = takeover
  return {
    table: spoken(takeover.table),
    column: takeover.column,
    dimension: takeover.dimension,
    rows: takeover.rows,
    bytes: takeover.bytes,
    model: takeover.model?.modelName ?? null,
    chunks: { table: spoken(layout.chunks.table), textColumn: layout.chunks.content },
    documents: {
      table: spoken(layout.documents.table),
      titleColumn: layout.documents.title,
      created: takeover.createsDocuments,
    },
    steps: [
      ...onlineSteps(takeover).map(({ name, does, locks, growsWithRows }) => ({
        step: name,
        does,
        locks,
        growsWithRows,
      })),
      {
        step: 'swap',
        does: `renames ${spoken(takeover.table)} to chunk_embeddings_model_${takeover.modelId} and its column to embedding_${takeover.dimension}, and attaches it to a partitioned table of the old name; no vector is moved${takeover.adoptedGraph === null ? '' : `; its index ${takeover.adoptedGraph.name} becomes ${takeover.graph}`}`,
        locks: `all use of ${spoken(takeover.table)}, in one transaction of some hundredths of a second`,
        growsWithRows: false,
      },
    ],
    warnings: takeover.warnings,
  }
}
