import type { EmbeddingModel } from '../embedding/contract.ts'
import type { LanguageModel } from '../generating/contract.ts'
import type { Parser } from '../parsing/parse.ts'
import type { Database } from '../postgres/database.ts'
import type { BuildLimits } from '../schema/build-memory.ts'
import type { Layout } from '../schema/layout.ts'
import type { Model } from '../wire/model.ts'
import type { NearestTuning } from './nearest-tuning.ts'
import type { Remember } from './remember.ts'

/** What the flows work with. A function takes the part of it that it needs. */
export interface Deps {
  readonly db: Database
  readonly layout: Layout
  /** Embedding models, opened once and kept. */
  readonly models: { open(model: Model): Promise<EmbeddingModel> }
  /** Answers questions; null: no language model is configured. */
  readonly language: () => Promise<LanguageModel | null>
  readonly parser: Parser
  /** Larger files are refused before they are read. */
  readonly maxFileBytes: number
  /** Weights by model name for searches of several models; 1 if not given. */
  readonly fusionWeights?: Readonly<Record<string, number>>
  readonly tuning?: NearestTuning
  /** The recall that searches must reach. Default: that of `defaultGates`. */
  readonly recall?: number
  /** For counts of a large corpus that are asked often. Default: they are counted each time. */
  readonly remember?: Remember
  /** What builds of HNSW indexes may take. Default: as the server is set up. */
  readonly buildLimits?: BuildLimits
  /** Default: now. */
  readonly today?: Date
}

/** Reads and writes rows. */
export type StoreDeps = Pick<Deps, 'db' | 'layout'>

/** Counts what it shows. */
export type StatusDeps = StoreDeps & Pick<Deps, 'remember'>

/** Also embeds what it writes, and builds the HNSW indexes of large loads. */
export type EmbedDeps = StoreDeps & Pick<Deps, 'models' | 'buildLimits'>
