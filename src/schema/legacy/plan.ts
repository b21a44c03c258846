import type { Queryable } from '../../postgres/database.ts'
import { type AdoptionOptions, describeAdoption } from './describe.ts'
import { onlineSteps } from './online-steps.ts'
import type { Adoption } from './record.ts'
import { spoken } from './table-facts.ts'

/** What an upgrade will do, shown before it starts. */
export interface UpgradePlan {
  /** The table that is adopted, its vector column and size. */
  readonly table: string
  readonly column: string
  readonly dimension: number
  readonly rows: number
  readonly bytes: number
  /** The model its vectors belong to; null: the table is empty and no model was named. */
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

/** Only reads. Refuses whatever the upgrade itself would refuse. */
export async function planAdoption(
  db: Queryable,
  options: AdoptionOptions,
  underWay: Adoption | null,
): Promise<UpgradePlan> {
  const adoption = underWay ?? (await describeAdoption(db, options))
  const { layout } = adoption
  return {
    table: spoken(adoption.table),
    column: adoption.column,
    dimension: adoption.dimension,
    rows: adoption.rows,
    bytes: adoption.bytes,
    model: adoption.model?.modelName ?? null,
    chunks: { table: spoken(layout.chunks.table), textColumn: layout.chunks.content },
    documents: {
      table: spoken(layout.documents.table),
      titleColumn: layout.documents.title,
      created: adoption.createsDocuments,
    },
    steps: [
      ...onlineSteps(adoption).map(({ name, does, locks, growsWithRows }) => ({
        step: name,
        does,
        locks,
        growsWithRows,
      })),
      {
        step: 'swap',
        does: `renames ${spoken(adoption.table)} to chunk_embeddings_model_${adoption.modelId} and its column to embedding_${adoption.dimension}, and attaches it to a partitioned table of the old name; no vector is moved${adoption.adoptedHnswIndex === null ? '' : `; its index ${adoption.adoptedHnswIndex.name} becomes ${adoption.hnswIndex}`}`,
        locks: `all use of ${spoken(adoption.table)}, in one transaction that takes some hundredths of a second`,
        growsWithRows: false,
      },
    ],
    warnings: adoption.warnings,
  }
}
