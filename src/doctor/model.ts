import { counted, grouped } from '../core/counted.ts'
import { writtenStates } from '../core/model.ts'
import { knownModelOf } from '../embedding/catalogue.ts'
import { isOfApplication } from '../schema/attach/guards.ts'
import { hnswIndexOf } from '../schema/hnsw-index.ts'
import type { Deps, StoreDeps } from '../store/deps.ts'
import { readVectors } from '../store/embeddings.ts'
import { countOrphanVectors, type OpenMigrationHealth } from '../store/health.ts'
import { explainNearest } from '../store/nearest-plan.ts'
import { defaultTuning } from '../store/nearest-tuning.ts'
import { findStale } from '../store/stale.ts'
import { coverageInScope, sampleEmbedded } from '../store/verification.ts'
import type { Check } from '../wire/doctor.ts'
import type { Model } from '../wire/model.ts'
import { fail, ok, warn } from './check.ts'

/** A model with its table and the facts that every check uses. */
export interface Patient {
  readonly model: Model
  readonly vectors: number
  readonly analysed: boolean
  readonly quarantined: number
  /** The open migration that fills the model. */
  readonly migration: OpenMigrationHealth | null
}

function isWritten({ state }: Model): boolean {
  return writtenStates.some((written) => written === state)
}

/** An interrupted bulk load leaves no HNSW index or an invalid one; then searches compare every vector. */
export async function checkIndex(deps: Pick<Deps, 'db' | 'tuning'>, patient: Patient): Promise<Check> {
  const { model, vectors, migration } = patient
  const name = model.modelName
  const hnswIndex = await hnswIndexOf(deps.db, model)
  const data = {
    index: hnswIndex?.name ?? null,
    valid: hnswIndex?.valid ?? false,
    bytes: hnswIndex?.bytes ?? 0,
    vectors,
  }
  if (hnswIndex?.valid === true) return ok('index', name, { sentence: `${hnswIndex.name} is valid.`, data })
  const what =
    hnswIndex === null ? 'has no HNSW index' : `has an HNSW index that is not valid (${hnswIndex.name})`
  if (migration !== null && migration.state !== 'ready') {
    const sentence = `"${name}" ${what} while it is being filled: the index is built at the end.`
    return ok('index', name, { sentence, data })
  }
  const slow = vectors > (deps.tuning ?? defaultTuning).exactRows
  const ofApplication = await isOfApplication(deps.db, model.id)
  return (slow ? fail : warn)('index', name, {
    sentence: `"${name}" ${what}: every search compares its ${counted(vectors, 'vector')} one by one.`,
    hint: ofApplication
      ? 'The table is an application’s: its owner may create one (create index concurrently … using hnsw), with the cast to vector(N) where the column has no dimension.'
      : `A write or a fill was interrupted. Build the index with \`revector migrate run --to ${name}\`, or by ingesting any document.`,
    data,
  })
}

/** Only for models with so many vectors that searches use the HNSW index. */
export async function checkIndexUse(
  deps: StoreDeps & Pick<Deps, 'tuning'>,
  patient: Patient,
): Promise<readonly Check[]> {
  const { db, layout, tuning = defaultTuning } = deps
  const { model, vectors } = patient
  if (vectors <= tuning.exactRows) return []
  const hnswIndex = await hnswIndexOf(db, model)
  if (hnswIndex?.valid !== true) return []
  const [chunk] = await sampleEmbedded(db, layout, [model], { limit: 1 })
  const vector = chunk && (await readVectors(db, layout, model, [chunk.id])).get(chunk.id)
  if (vector === undefined) return []
  const request = { model, vector, k: 10, versionOf: null, vectors }
  const { index, plan } = await explainNearest(db, layout, request, tuning)
  const name = model.modelName
  if (index === hnswIndex.name) {
    return [ok('index_use', name, { sentence: `A search uses ${index}.`, data: { index } })]
  }
  return [
    fail('index_use', name, {
      sentence: `A search of "${name}" does not use ${hnswIndex.name} and reads all ${counted(vectors, 'vector')}.`,
      hint: `Refresh statistics with \`analyze chunk_embeddings_model_${model.id}\`; if that does not help, look at the plan in the data.`,
      data: { index, expected: hnswIndex.name, plan },
    }),
  ]
}

/** If searches use the HNSW index, the planner must know how many rows there are, and how wide. */
export function checkStatistics(
  { db, tuning = defaultTuning }: Pick<Deps, 'db' | 'tuning'>,
  { model, vectors, analysed }: Patient,
): Check {
  const name = model.modelName
  const table = `chunk_embeddings_model_${model.id}`
  if (analysed) return ok('statistics', name, { sentence: `${table} has statistics.` })
  if (vectors <= tuning.exactRows) {
    return ok('statistics', name, {
      sentence: `${table} has no statistics and, with ${counted(vectors, 'vector')}, needs none.`,
    })
  }
  return warn('statistics', name, {
    sentence: `${table} has never been analysed (${counted(vectors, 'vector')}): the planner guesses.`,
    hint: db.concurrent
      ? `Run \`analyze ${table}\`, and check why autovacuum does not.`
      : 'The next larger ingest or fill analyses it.',
    data: { table },
  })
}

export async function checkOrphanVectors(
  { db, layout }: StoreDeps,
  { model }: Patient,
): Promise<readonly Check[]> {
  const vectors = await countOrphanVectors(db, layout, model.id)
  if (vectors === 0) return []
  const table = `chunk_embeddings_model_${model.id}`
  return [
    warn('orphans', model.modelName, {
      sentence: `${counted(vectors, 'vector')} of "${model.modelName}" ${vectors === 1 ? 'belongs to a chunk that is' : 'belong to chunks that are'} gone and still ${vectors === 1 ? 'occupies' : 'occupy'} the index.`,
      hint: `Delete them from ${table}, and check why it has no foreign key to the chunks.`,
      data: { table, vectors },
    }),
  ]
}

/** A written model must have a vector of every chunk, or the chunk must be recorded as pending. */
export async function checkMissing(
  { db, layout }: StoreDeps,
  { model, migration }: Patient,
): Promise<readonly Check[]> {
  if (!isWritten(model)) return []
  const name = model.modelName
  const { chunks, vectors, missing: lacking, stale, examples } = await coverageInScope(db, layout, model, {})
  const missing = lacking - stale
  const data = { state: model.state, chunks, vectors, missing, examples }
  if (missing === 0) return [ok('missing_vectors', name, { sentence: `"${name}" has every vector.`, data })]
  if (migration !== null) {
    const sentence = `"${name}" lacks ${grouped(missing)} of ${counted(chunks, 'vector')} and is being filled.`
    return [ok('missing_vectors', name, { sentence, data })]
  }
  const current = model.state === 'current'
  return [
    (current ? fail : warn)('missing_vectors', name, {
      sentence: `"${name}" (${model.state}) lacks the vectors of ${grouped(missing)} of ${counted(chunks, 'chunk')}: ${
        current ? 'searches do not find them' : 'rolling back to it would lose them'
      }.`,
      hint: `A worker embeds the pending chunks (\`revector worker --once\`); \`revector models fill ${name}\` embeds all that are missing.`,
      data,
    }),
  ]
}

/** A vector must be of the text that its chunk has now. */
export async function checkStale({ db, layout }: StoreDeps, { model }: Patient): Promise<readonly Check[]> {
  const name = model.modelName
  const { stale, examples } = await findStale(db, layout, model)
  const data = { state: model.state, stale, examples }
  if (stale === 0) {
    return [ok('stale_vectors', name, { sentence: `"${name}" has no vector of an earlier text.`, data })]
  }
  return [
    (model.state === 'current' ? fail : warn)('stale_vectors', name, {
      sentence: `"${name}" has the vectors of earlier texts of ${counted(stale, 'chunk')}: searches find ${stale === 1 ? 'it' : 'them'} by words that ${stale === 1 ? 'it does' : 'they do'} not have any more.`,
      hint: `A worker embeds those that are recorded (\`revector worker --once\`); \`revector models fill ${name}\` embeds all of them.`,
      data,
    }),
  ]
}

export function checkQuarantine({ model, quarantined }: Patient): readonly Check[] {
  if (quarantined === 0) return []
  return [
    warn('quarantine', model.modelName, {
      sentence: `${counted(quarantined, 'chunk')} could not be embedded with "${model.modelName}" and ${quarantined === 1 ? 'is' : 'are'} in quarantine.`,
      hint: 'List the reasons with `revector migrate quarantine`; retry with `revector migrate retry`.',
      data: { chunks: quarantined },
    }),
  ]
}

/** For models in use: a retirement that the provider has announced, or one that is past. */
export function checkRetirement(
  { today = new Date() }: Pick<Deps, 'today'>,
  { model }: Patient,
): readonly Check[] {
  const retirement = knownModelOf(model)?.retirement ?? null
  if (retirement === null || !isWritten(model)) return []
  const day = today.toISOString().slice(0, 10)
  const days = Math.round((Date.parse(retirement) - Date.parse(day)) / 86_400_000)
  const name = model.modelName
  const data = { retirement, days }
  const hint = `Migrate to another model: \`revector migrate plan --from ${name} --to NAME\`.`
  if (days < 0) {
    return [
      fail('retirement', name, {
        sentence: `"${name}" was retired by its provider on ${retirement}: new texts and questions can't be embedded.`,
        hint,
        data,
      }),
    ]
  }
  return [
    warn('retirement', name, {
      sentence: `The provider will retire "${name}" on ${retirement}, in ${counted(days, 'day')}.`,
      hint,
      data,
    }),
  ]
}
