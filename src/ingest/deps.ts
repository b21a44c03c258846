import type { Model } from '../core/model.ts'
import type { EmbeddingModel } from '../embedding/contract.ts'
import type { Parser } from '../parsing/parse.ts'
import type { Database } from '../postgres/database.ts'
import type { Layout } from '../schema/layout.ts'
import type { SplitOptions } from '../splitting/split.ts'

/** What ingesting needs. */
export interface IngestDeps {
  readonly db: Database
  readonly layout: Layout
  readonly parser: Parser
  /** Larger files are refused before they are read. */
  readonly maxFileBytes: number
  readonly split: SplitOptions
  readonly models: { open(model: Model): Promise<EmbeddingModel> }
}
