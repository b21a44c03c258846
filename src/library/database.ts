import type { Config } from '../config/config.ts'
import { definedOnly } from '../core/defined.ts'
import { isRevectorError, RevectorError } from '../core/errors.ts'
import type { CallOptions } from '../core/progress.ts'
import { givesDimension, knownModel, knownModels, specFor } from '../embedding/catalogue.ts'
import { setupModels } from '../models/registry.ts'
import { corpusStatus, listModels } from '../models/status.ts'
import { backup, restore } from '../postgres/backup.ts'
import type { CloseOptions, Database } from '../postgres/database.ts'
import { isFresh } from '../schema/fresh.ts'
import { latestRevision } from '../schema/history.ts'
import { loadLayout } from '../schema/layout.ts'
import { vectorColumns } from '../schema/model-table.ts'
import { createSchema, refuseTableElsewhere, schemaExists } from '../schema/own-schema.ts'
import { isReadOnly, schemaStatus } from '../schema/status.ts'
import {
  type FirstModel,
  planUpgrade,
  rollbackRevisions,
  runRevisions,
  type UpgradePlan,
} from '../schema/upgrade.ts'
import { countRecorded } from '../store/pending.ts'
import type { BackupReport, DatabaseStatus, RestoreReport } from '../wire/database.ts'
import type { ModelStatus } from '../wire/model.ts'
import { type AdoptionCalls, adoptedOf, adoptionCalls } from './adoption.ts'
import { databaseOptions, type Runtime, setUpEmpty } from './runtime.ts'

/** State for monitoring: cheap enough to be read every few seconds. */
export interface DatabaseHealth {
  /** 0: nothing has been set up. */
  readonly revision: number
  readonly latestRevision: number
  /** Searches work; nothing can be stored. */
  readonly readOnly: boolean
  readonly connections: { readonly open: number; readonly idle: number; readonly waiting: number }
  /** By model: chunks that are pending, and chunks in quarantine. */
  readonly models: readonly {
    readonly modelName: string
    readonly pending: number
    readonly quarantined: number
  }[]
}

export interface RunOptions extends CallOptions {
  /** Revision to stop at. Default: the latest. */
  readonly to?: number
  /** The model that made the vectors of an adopted table. */
  readonly model?: string
  readonly chunksTable?: string
  readonly chunkTextColumn?: string
  readonly documentsTable?: string
  readonly titleColumn?: string
}

/** What `db.run` would do. */
export interface RunPlan {
  /** Empty: the schema is up to date. */
  readonly steps: readonly { readonly step: string; readonly locks: string; readonly detail: string }[]
  /** The fixed-dimension table to adopt; null if there is none. */
  readonly adoption: Omit<UpgradePlan, 'steps' | 'warnings'> | null
  readonly warnings: readonly string[]
}

/** `revector.db`: operations on the database as a whole. */
export interface DatabaseCalls extends AdoptionCalls {
  /** Opens the database and sets it up if it is empty; creates the configured schema if it is missing. @throws RevectorError SCHEMA_BEHIND on an older one */
  initialize(options?: CallOptions): Promise<void>
  /** Dimensions that have a vector column, ascending. */
  getSupportedDimensions(): Promise<readonly number[]>
  /** The state of the database. Changes nothing, and creates no folder for the embedded engine. */
  status(): Promise<DatabaseStatus>
  /** Also for a database that is behind, newer or empty. @throws RevectorError DATABASE_UNREACHABLE */
  health(): Promise<DatabaseHealth>
  /** What `run` would do, and what each step locks. Writes nothing. */
  plan(options?: RunOptions): Promise<RunPlan>
  run(options?: RunOptions): Promise<DatabaseStatus>
  /** Registers the guide's models and the local ones. */
  setupModels(options?: CallOptions): Promise<readonly ModelStatus[]>
  rollback(options?: CallOptions & { readonly to?: number }): Promise<DatabaseStatus>
  /** Everything in the database; on a server with a configured schema, that schema. @throws RevectorError BACKUP_FAILED, BACKUP_TOOL_MISSING */
  backup(file: string, options?: CallOptions & { readonly overwrite?: boolean }): Promise<BackupReport>
  /** Replaces what the backup is of, entirely or not at all. @throws RevectorError CONSENT_MISSING, BACKUP_FAILED, BACKUP_TOOL_MISSING */
  restore(file: string, options?: CallOptions & { readonly force?: boolean }): Promise<RestoreReport>
  /** Waits for what is running; with `patienceMs` only so long, then connections to the server are cut. */
  close(options?: CloseOptions): Promise<void>
}

export function databaseCalls(config: Config, runtime: Runtime): DatabaseCalls {
  const { connected, opened } = runtime
  return {
    async initialize({ onProgress } = {}) {
      const db = await connected()
      await createSchema(db, onProgress)
      await setUpEmpty(db)
      await opened()
    },
    getSupportedDimensions: async () => vectorColumns((await opened()).db),
    status: () => runtime.looking((db) => readStatus(db, runtime)),
    health: async () => readHealth(await connected()),
    async plan(options = {}) {
      const db = await connected()
      return plan(db, options)
    },
    async run(options = {}) {
      const db = await connected()
      const { to, signal, onProgress } = options
      await refuseTableElsewhere(db)
      await refuseIdleOptions(db, options)
      await createSchema(db, onProgress)
      await namingModels(db, async () =>
        runRevisions(db, { to, ...(await upgradeOptions(db, options)), signal, onProgress }),
      )
      runtime.forget()
      return readStatus(db, runtime)
    },
    async setupModels() {
      const deps = await opened('owner')
      await setupModels(deps)
      return listModels(deps)
    },
    ...adoptionCalls(config, runtime),
    async rollback(options = {}) {
      const db = await connected()
      await rollbackRevisions(db, options)
      runtime.forget()
      return readStatus(db, runtime)
    },
    backup: async (file, options = {}) =>
      backup({ database: await connected(), options: databaseOptions(config) }, file, options),
    async restore(file, options = {}) {
      await runtime.closeDatabase()
      return restore(databaseOptions(config), file, options)
    },
    close: (options) => runtime.close(options),
  }
}

async function readStatus(db: Database, { remember }: Pick<Runtime, 'remember'>): Promise<DatabaseStatus> {
  const { revision, legacy } = await schemaStatus(db)
  const ready = revision >= 2 && revision <= latestRevision
  const deps = ready ? { db, layout: await loadLayout(db), remember } : null
  const place = deps?.layout.place
  const corpus = deps === null ? { models: [], documents: 0, chunks: 0 } : await corpusStatus(deps)
  return {
    engine: db.engine,
    serverVersion: db.serverVersion,
    pgvectorVersion: db.pgvectorVersion,
    revision,
    latestRevision,
    readOnly: await isReadOnly(db),
    legacy,
    adopted: place === undefined ? null : adoptedOf(place, deps?.layout.exposed),
    dimensions: deps === null ? [] : await vectorColumns(db),
    models: corpus.models,
    documents: corpus.documents,
    chunks: corpus.chunks,
  }
}

async function readHealth(db: Database): Promise<DatabaseHealth> {
  const { revision, latestRevision } = await schemaStatus(db)
  return {
    revision,
    latestRevision,
    readOnly: await isReadOnly(db),
    connections: db.connections(),
    models: revision === latestRevision ? await countRecorded(db) : [],
  }
}

async function plan(db: Database, options: RunOptions): Promise<RunPlan> {
  const { to } = options
  await refuseTableElsewhere(db)
  await refuseIdleOptions(db, options)
  const upgrade = await namingModels(db, async () =>
    planUpgrade(db, { to, ...(await upgradeOptions(db, options)) }),
  )
  if (upgrade !== null) {
    const { steps, warnings, ...adoption } = upgrade
    return {
      steps: [
        ...steps.map(({ step, does, locks }) => ({ step, locks, detail: does })),
        ...addedTables(2, { to, chunks: adoption.chunks.table }),
      ],
      adoption,
      warnings: [...warnings, ...shortened(adoption)],
    }
  }
  const { revision, legacy } = await schemaStatus(db)
  if (legacy !== null || revision >= (to ?? latestRevision))
    return { steps: [], adoption: null, warnings: [] }
  if (revision >= 2) return { steps: addedTables(revision, { to }), adoption: null, warnings: [] }
  const { schema } = db
  const missing = schema !== null && !(await schemaExists(db, schema))
  const first = missing ? `creates the schema ${JSON.stringify(schema)} and the tables` : 'creates the tables'
  const create = { step: 'create', locks: '', detail: `${first}; there is nothing to adopt` }
  return { steps: [create], adoption: null, warnings: [] }
}

/** Options about a table to adopt, where there is none: an empty installation is not what was meant. */
async function refuseIdleOptions(db: Database, options: RunOptions): Promise<void> {
  const { model, chunksTable, chunkTextColumn, documentsTable, titleColumn } = options
  const given = Object.keys(definedOnly({ model, chunksTable, chunkTextColumn, documentsTable, titleColumn }))
  if (given.length === 0) return
  const { revision, legacy } = await schemaStatus(db)
  if (revision > 0 || legacy !== null || !(await isFresh(db))) return
  throw new RevectorError(
    'INVALID_INPUT',
    `There is no fixed-dimension chunk_embeddings to adopt here, so ${given.join(', ')} can't be used.`,
    {
      hint: 'Run `revector db discover` to see which tables hold vectors, or `revector db init` for an empty installation.',
      data: { options: given },
    },
  )
}

/** Vectors of a dimension that the model only returns on request. */
function shortened({ model, dimension }: NonNullable<RunPlan['adoption']>): readonly string[] {
  const usual = model === null ? undefined : knownModel(model)?.dimension
  if (usual === undefined || usual === dimension) return []
  return [
    `${model} returns ${usual} dimensions by default: make sure that it made these vectors of ${dimension}. ` +
      'Questions will be embedded with it in that dimension.',
  ]
}

/** Steps of the revisions after `from` that only add tables, columns or triggers. */
function addedTables(
  from: number,
  { to = latestRevision, chunks = 'chunks' }: { readonly to?: number; readonly chunks?: string },
): RunPlan['steps'] {
  return [
    {
      revision: 3,
      step: 'model migrations',
      locks: `writes to ${chunks}, briefly`,
      detail: 'adds tables for model migrations; no row is read or changed',
    },
    {
      revision: 4,
      step: 'service',
      locks: '',
      detail: 'adds tables for API keys, the audit log and repeated requests; no other table is touched',
    },
    {
      revision: 5,
      step: 'search effort',
      locks: 'embedding_models, for a moment',
      detail: 'adds a column for the measured effort of searches; no row is read or changed',
    },
    {
      revision: 6,
      step: 'capture',
      locks: `${chunks} and chunk_embeddings, for a moment`,
      detail: `adds triggers that record what others write to ${chunks}, and a column for the hash of a vector's text; no row is read or changed`,
    },
  ].flatMap(({ revision, ...step }) => (revision > from && revision <= to ? [step] : []))
}

/** A model in the catalogue is shown with all its facts, any other by its name. */
async function upgradeOptions(db: Database, options: RunOptions) {
  const { model, chunksTable, chunkTextColumn, documentsTable, titleColumn } = options
  const tables = { chunksTable, chunkTextColumn, documentsTable, titleColumn }
  return { tables: definedOnly(tables), ...(model !== undefined && { model: await firstModelOf(db, model) }) }
}

async function firstModelOf(db: Database, modelName: string): Promise<FirstModel> {
  const known = knownModel(modelName)
  if (known === undefined) return { modelName }
  const { legacy } = await schemaStatus(db)
  const dimension = legacy?.dimension ?? known.dimension
  return specFor(modelName, { dimension })
}

/** Known models that could have made vectors of this dimension. */
async function namingModels<T>(db: Database, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!isRevectorError(error, 'UPGRADE_MODEL_UNKNOWN')) throw error
    const { legacy } = await schemaStatus(db)
    const dimension = legacy?.dimension
    const models = knownModels
      .filter((known) => typeof dimension === 'number' && givesDimension(known, dimension))
      .map((known) => known.modelName)
    throw new RevectorError(error.code, error.message, {
      hint: error.hint,
      data: { ...error.data, models },
      cause: error,
    })
  }
}
