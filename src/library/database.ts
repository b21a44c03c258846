import type { Config } from '../config/config.ts'
import { isRevectorError, RevectorError } from '../core/errors.ts'
import { givesDimension, knownModel, knownModels, specFor } from '../embedding/catalogue.ts'
import { setupModels } from '../models/registry.ts'
import { listModels } from '../models/status.ts'
import { backup, restore } from '../postgres/backup.ts'
import type { Database } from '../postgres/database.ts'
import { latestRevision } from '../schema/history.ts'
import { loadLayout } from '../schema/layout.ts'
import { vectorColumns } from '../schema/model-table.ts'
import { schemaStatus } from '../schema/status.ts'
import { type FirstModel, planUpgrade, rollbackRevisions, runRevisions } from '../schema/upgrade.ts'
import { countChunks } from '../store/chunks.ts'
import { countDocuments } from '../store/documents.ts'
import { countRecorded } from '../store/pending.ts'
import type { DatabaseHealth, DatabaseStatus, Revector, RunOptions, RunPlan } from './interface.ts'
import { databaseOptions, type Runtime } from './runtime.ts'

/** `revector.db`: what is done to the database as a whole. */
export function databaseCalls(config: Config, runtime: Runtime): Revector['db'] {
  const { connected, opened } = runtime
  return {
    async initialize() {
      await opened()
    },
    getSupportedDimensions: async () => vectorColumns((await opened()).db),
    status: () => runtime.looking(readStatus),
    health: async () => readHealth(await connected()),
    async plan(options = {}) {
      const db = await connected()
      return plan(db, options)
    },
    async run(options = {}) {
      const db = await connected()
      const { to, signal, onProgress } = options
      await namingModels(db, async () =>
        runRevisions(db, {
          to,
          ...(await upgradeOptions(db, options)),
          signal,
          onProgress,
        }),
      )
      runtime.forget()
      return readStatus(db)
    },
    async setupModels() {
      const deps = await opened()
      await setupModels(deps)
      return listModels(deps)
    },
    async rollback(options = {}) {
      const db = await connected()
      await rollbackRevisions(db, options)
      runtime.forget()
      return readStatus(db)
    },
    backup: async (file, options = {}) =>
      backup({ database: await connected(), options: databaseOptions(config) }, file, options),
    async restore(file, options = {}) {
      await runtime.closeDatabase()
      return restore(databaseOptions(config), file, options)
    },
    close: () => runtime.close(),
  }
}

async function readStatus(db: Database): Promise<DatabaseStatus> {
  const { revision, legacy } = await schemaStatus(db)
  const ready = revision >= 2 && revision <= latestRevision
  const deps = ready ? { db, layout: await loadLayout(db) } : null
  return {
    engine: db.engine,
    serverVersion: db.serverVersion,
    pgvectorVersion: db.pgvectorVersion,
    revision,
    latestRevision,
    legacy,
    dimensions: deps === null ? [] : await vectorColumns(db),
    models: deps === null ? [] : await listModels(deps),
    documents: deps === null ? 0 : await countDocuments(db, deps.layout),
    chunks: deps === null ? 0 : await countChunks(db, deps.layout),
  }
}

async function readHealth(db: Database): Promise<DatabaseHealth> {
  const { revision, latestRevision } = await schemaStatus(db)
  return {
    revision,
    latestRevision,
    connections: db.connections(),
    models: revision === latestRevision ? await countRecorded(db) : [],
  }
}

async function plan(db: Database, options: RunOptions): Promise<RunPlan> {
  const { to } = options
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
  const create = { step: 'create', locks: '', detail: 'creates the tables; there is nothing to adopt' }
  return { steps: [create], adoption: null, warnings: [] }
}

/** Vectors of a width that the model gives only when it is asked to. */
function shortened({ model, dimension }: NonNullable<RunPlan['adoption']>): readonly string[] {
  const usual = model === null ? undefined : knownModel(model)?.dimension
  if (usual === undefined || usual === dimension) return []
  return [
    `${model} gives ${usual} dimensions unless it is asked for others: make sure that it made these of ${dimension}. ` +
      'Questions will be embedded with it at that width.',
  ]
}

/** Steps of the revisions after `from` that only add tables. */
function addedTables(
  from: number,
  { to = latestRevision, chunks = 'chunks' }: { readonly to?: number; readonly chunks?: string },
): RunPlan['steps'] {
  return [
    {
      revision: 3,
      step: 'model migrations',
      locks: `writes to ${chunks}, for an instant`,
      detail: 'adds tables for moves from model to model; no row is read or changed',
    },
    {
      revision: 4,
      step: 'service',
      locks: '',
      detail: 'adds tables for API keys, the audit log and repeated requests; no other table is touched',
    },
  ].flatMap(({ revision, ...step }) => (revision > from && revision <= to ? [step] : []))
}

/** A model of the catalogue is named with all that is known of it, any other with its name alone. */
async function upgradeOptions(db: Database, options: RunOptions) {
  const { model, chunksTable, chunkTextColumn, documentsTable, titleColumn } = options
  const tables = { chunksTable, chunkTextColumn, documentsTable, titleColumn }
  const given = Object.fromEntries(Object.entries(tables).filter(([, value]) => value !== undefined))
  return {
    tables: given,
    ...(model === undefined ? {} : { model: await firstModelOf(db, model) }),
  }
}

async function firstModelOf(db: Database, modelName: string): Promise<FirstModel> {
  const known = knownModel(modelName)
  if (known === undefined) return { modelName }
  const { legacy } = await schemaStatus(db)
  const dimension = legacy?.dimension ?? known.dimension
  return specFor(modelName, { dimension })
}

/** Which known models could have made vectors of this width. */
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
