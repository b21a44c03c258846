import type { Config } from '../config/config.ts'
import { parseByteSize } from '../core/byte-size.ts'
import { counted } from '../core/counted.ts'
import { definedOnly } from '../core/defined.ts'
import { RevectorError } from '../core/errors.ts'
import { inTime } from '../core/in-time.ts'
import type { OnProgress } from '../core/progress.ts'
import type { OnLanguageModelCall, OnProviderCall } from '../core/provider-call.ts'
import type { EmbeddingModel, ModelLimits, ProviderEnvironment, SharedRates } from '../embedding/contract.ts'
import { openEmbeddingModel } from '../embedding/open.ts'
import { type OwnModel, ownSpec } from '../embedding/own-model.ts'
import type { LanguageEnvironment, LanguageModel, LanguageModelSpec } from '../generating/contract.ts'
import { openLanguageModel } from '../generating/open.ts'
import { openParser } from '../ingest/open-parser.ts'
import { openModels } from '../models/open-models.ts'
import { addModel, setupModels } from '../models/registry.ts'
import { connectDatabase, connectStandIn, type DatabaseOptions } from '../postgres/connect.ts'
import type { CloseOptions, Database } from '../postgres/database.ts'
import { refuseBesideVectors, requireFinished } from '../schema/attach/guards.ts'
import type { BuildLimits } from '../schema/build-memory.ts'
import { loadLayout } from '../schema/layout.ts'
import { requireSchema } from '../schema/own-schema.ts'
import { requireRights, type Work } from '../schema/rights.ts'
import { schemaStatus } from '../schema/status.ts'
import { runRevisions } from '../schema/upgrade.ts'
import type { SearchDeps } from '../search/deps.ts'
import { createSearchMemory } from '../search/memory.ts'
import type { Deps } from '../store/deps.ts'
import { blockRate, takeFromRate } from '../store/provider-rates.ts'
import { createRemember, type Remember } from '../store/remember.ts'
import type { Model, ModelSpec } from '../wire/model.ts'

export interface RuntimeOptions {
  readonly ownModels: readonly OwnModel[]
  readonly onProgress?: OnProgress
  readonly onProviderCall?: OnProviderCall
  readonly onLanguageModelCall?: OnLanguageModelCall
}

/** What lives as long as one Revector: its connection, models, parser. */
export interface Runtime {
  /** The database, in whatever state its schema is. */
  connected(): Promise<Database>
  /** The same, read-only: creates no folder for the embedded engine. */
  looking<T>(look: (db: Database) => Promise<T>): Promise<T>
  /**
   * The database at this program's revision, with what the flows need, once the user may do the work.
   *
   * @throws RevectorError DATABASE_PERMISSION_DENIED
   */
  opened(work?: Work): Promise<Deps & SearchDeps>
  /** A model that the program itself provides; undefined for other names. */
  ownModel(modelName: string): ModelSpec | undefined
  /** A model that need not be registered yet. */
  openModel(model: Model): Promise<EmbeddingModel>
  /** For what is counted in any state of the schema; also part of what `opened` gives. */
  readonly remember: Remember
  /** Call after the schema was changed: checks it again. */
  forget(): void
  /** Call before something replaces the database: the next call opens it again. */
  closeDatabase(): Promise<void>
  /** Work that waits to be written when the database is closed. It must not fail. */
  beforeClose(work: () => Promise<void>): void
  close(options?: CloseOptions): Promise<void>
}

export function openRuntime(
  config: Config,
  { ownModels, onProgress, onProviderCall, onLanguageModelCall }: RuntimeOptions,
): Runtime {
  const warnings = [...config.warnings]
  const warn = (): void => {
    for (const message of warnings.splice(0)) onProgress?.({ type: 'warning', message })
  }
  const stopOpening = new AbortController()
  const connection = lazily(() => {
    warn()
    return connectDatabase({ ...databaseOptions(config, onProgress), signal: stopOpening.signal })
  })
  const sharedRates: SharedRates = {
    take: async (key, tokens, limits) => takeFromRate(await connection.get(), key, tokens, limits),
    block: async (key, ms) => blockRate(await connection.get(), key, ms),
  }
  const environment: ProviderEnvironment = {
    keys: config.keys,
    keyHosts: config.keyHosts,
    localModelPath: config.localModelPath ?? null,
    cacheDir: config.cacheDir,
    limits: limitsOf(config),
    sharedRates,
    onProgress,
    onProviderCall,
  }
  const models = openModels(openEmbeddingModel, environment, ownModels)
  const parser = openParser({
    maxBytes: config.maxFileBytes,
    timeoutMs: config.parseTimeoutMs,
    maxMemoryMb: config.parseMemoryMb,
    maxPages: config.maxPdfPages,
    chunks: { maxTokens: config.chunkTokens, overlapTokens: config.overlapTokens },
  })
  const language = lazily(async () => openLanguage(config, { onProgress, onLanguageModelCall }))
  const remember = createRemember()
  const deps = lazily(async (): Promise<Deps & SearchDeps> => {
    const db = await connection.get()
    await requireRights(db, 'read-only')
    await bringUp(db)
    const layout = await loadLayout(db)
    requireFinished(layout)
    // Also checked for a registered model: a program must not fill another space under a known name.
    for (const own of ownModels) await addModel({ db, layout }, ownSpec(own))
    const memory = createSearchMemory()
    const { fusionWeights, maxFileBytes, recall } = config
    return {
      ...{ db, layout, models, parser, maxFileBytes, memory, remember, fusionWeights, recall },
      buildLimits: buildLimitsOf(config),
      language: language.get,
    }
  })
  let closed = false
  const assertOpen = (): void => {
    if (!closed) return
    throw new RevectorError('INVALID_INPUT', 'This Revector has been closed.', { hint: 'Create a new one.' })
  }

  const lastWork: (() => Promise<void>)[] = []

  async function closeDatabase(options?: CloseOptions): Promise<void> {
    const begun = performance.now()
    const { patienceMs } = options ?? {}
    const leftMs = (): number => Math.max(0, (patienceMs ?? 0) - (performance.now() - begun))
    // What is only noted has no more than half of it.
    await inTime(finish(lastWork), patienceMs === undefined ? undefined : patienceMs / 2)
    const opening = connection.peek()?.catch(() => null) ?? Promise.resolve(null)
    if (!(await inTime(opening, patienceMs === undefined ? undefined : leftMs()))) stopOpening.abort()
    const db = await opening
    connection.forget()
    deps.forget()
    await db?.close(patienceMs === undefined ? {} : { patienceMs: leftMs() })
  }

  return {
    ownModel: (modelName) => {
      const own = ownModels.find((one) => one.modelName === modelName)
      return own === undefined ? undefined : ownSpec(own)
    },
    openModel: (model) => models.open(model),
    remember,
    closeDatabase: () => closeDatabase(),
    async connected() {
      assertOpen()
      return connection.get()
    },
    async looking(look) {
      assertOpen()
      warn()
      const open = connection.peek() !== undefined
      const standIn = open ? null : await connectStandIn(databaseOptions(config, onProgress))
      if (standIn === null) return look(await connection.get())
      try {
        return await look(standIn)
      } finally {
        await standIn.close()
      }
    },
    async opened(work = 'read-only') {
      assertOpen()
      const opened = await deps.get()
      if (work !== 'read-only') await requireRights(opened.db, work)
      return opened
    },
    forget: () => deps.forget(),
    beforeClose: (work) => void lastWork.push(work),
    async close(options) {
      if (closed) return
      closed = true
      await parser.close()
      await models.close()
      await closeDatabase(options)
    },
  }
}

async function finish(works: readonly (() => Promise<void>)[]): Promise<void> {
  for (const work of works) await work()
}

async function openLanguage(
  { languageModel, keys }: Config,
  told: Omit<LanguageEnvironment, 'keys'>,
): Promise<LanguageModel | null> {
  if (languageModel === undefined) return null
  const spec: LanguageModelSpec = { ...languageModel, baseUrl: languageModel.baseUrl ?? null }
  return openLanguageModel(spec, { keys, ...told })
}

function limitsOf({ modelLimits }: Config): Record<string, Partial<ModelLimits>> {
  return Object.fromEntries(Object.entries(modelLimits).map(([name, limits]) => [name, definedOnly(limits)]))
}

function buildLimitsOf({ buildMemory, buildHelpers, gentleBuilds }: Config): BuildLimits {
  const memory = buildMemory === undefined ? null : parseByteSize(buildMemory)
  return definedOnly({ memory: memory ?? undefined, helpers: buildHelpers, gentle: gentleBuilds })
}

export function databaseOptions(config: Config, onProgress?: OnProgress): DatabaseOptions {
  const { databaseUrl, directDatabaseUrl, tls } = config
  return {
    ...(databaseUrl === undefined ? { dataDir: config.dataDir } : { databaseUrl, directDatabaseUrl }),
    environment: config.connectionEnvironment,
    schema: config.schema,
    tls: tls && definedOnly(tls),
    poolSize: config.poolSize,
    connectTimeoutMs: config.connectTimeoutMs,
    statementTimeoutMs: config.statementTimeoutMs,
    lockTimeoutMs: config.lockTimeoutMs,
    onEvent: (event) =>
      onProgress?.({
        type: 'warning',
        message:
          event.type === 'database.retry'
            ? `Retrying the database in ${event.waitMs} ms (${event.trouble}, attempt ${event.attempt}).`
            : `A database connection was lost: ${event.message}`,
      }),
  }
}

/**
 * Sets up an empty database; an older one is left for its owner to decide about.
 *
 * @throws RevectorError SCHEMA_MISSING, SCHEMA_BEHIND, SCHEMA_NEWER
 */
async function bringUp(db: Database): Promise<void> {
  const { revision, latestRevision, legacy } = await schemaStatus(db)
  if (revision === latestRevision) return
  if (revision === 0 && legacy === null) {
    await requireSchema(db)
    if (db.schema === null) await refuseBesideVectors(db)
    return setUpEmpty(db)
  }
  if (revision > latestRevision) {
    throw new RevectorError(
      'SCHEMA_NEWER',
      `The database is at revision ${revision}, this program supports up to ${latestRevision}.`,
      {
        hint: 'Install the version of Revector that set it up, or a newer one.',
        data: { revision, latestRevision },
      },
    )
  }
  throw new RevectorError(
    'SCHEMA_BEHIND',
    legacy === null
      ? `The database is at revision ${revision}, this program needs ${latestRevision}.`
      : `The database has a fixed-dimension ${legacy.table} of ${counted(legacy.rows, 'row')} that has not been adopted.`,
    { hint: 'Run `revector db run`; it first says what it will do.', data: { revision, latestRevision } },
  )
}

/** Does nothing where something has been set up, or is to be adopted. */
export async function setUpEmpty(db: Database): Promise<void> {
  const { revision, legacy } = await schemaStatus(db)
  if (revision !== 0 || legacy !== null) return
  await runRevisions(db)
  await setupModels({ db })
}

/** Starts something once, when it is first needed; a failure is not cached. */
function lazily<T>(start: () => Promise<T>): {
  get(): Promise<T>
  peek(): Promise<T> | undefined
  forget(): void
} {
  let started: Promise<T> | undefined
  return {
    get() {
      if (started !== undefined) return started
      const starting = start()
      started = starting
      starting.catch(() => {
        if (started === starting) started = undefined
      })
      return starting
    },
    peek: () => started,
    forget() {
      started = undefined
    },
  }
}
