import { throwIfAborted } from '../core/errors.ts'
import { grantsForRole } from '../schema/rights.ts'
import { countVectorsOfModels } from '../store/coverage.ts'
import type { Deps, EmbedDeps } from '../store/deps.ts'
import {
  countLiveWorkers,
  countQuarantined,
  modelTablesHealth,
  openMigrationsHealth,
} from '../store/health.ts'
import { isGone, rereading } from '../store/missing-column.ts'
import { allModels } from '../store/models.ts'
import type { Check, DoctorReport, RoleReport } from '../wire/doctor.ts'
import { checkAdoptedTable } from './adopted-table.ts'
import type { DoctorOptions } from './check.ts'
import {
  checkCurrentModel,
  checkMigrations,
  checkOrphanChunks,
  checkPgvector,
  checkTables,
} from './database.ts'
import { checkDrift } from './drift.ts'
import {
  checkIndex,
  checkIndexUse,
  checkMissing,
  checkOrphanVectors,
  checkQuarantine,
  checkRetirement,
  checkStale,
  checkStatistics,
  type Patient,
} from './model.ts'
import { checkRecall } from './recall.ts'

export type { DoctorOptions } from './check.ts'

/**
 * Runs every check, whatever the others found, for what makes searches wrong, incomplete or slow now or soon.
 * Writes nothing, so it works on a standby and on a full disk.
 *
 * @throws RevectorError INTERRUPTED, NOT_FOUND for an unknown role, and what the database throws
 */
export async function examine(
  deps: EmbedDeps & Pick<Deps, 'tuning' | 'today' | 'recall'>,
  options: DoctorOptions = {},
): Promise<DoctorReport> {
  const { db, layout } = deps
  const role = options.role === undefined ? null : await examineRole(db, options.role)
  const models = await allModels(db)
  const vectors = await rereading(() => countVectorsOfModels(db, models))
  const tables = await modelTablesHealth(db)
  const quarantined = await countQuarantined(db)
  const migrations = await openMigrationsHealth(db)

  const checks: Check[] = [
    checkPgvector(db),
    checkCurrentModel(models),
    ...checkTables(models, tables),
    ...(await checkAdoptedTable(deps)),
    ...(await checkOrphanChunks(db, layout)),
    ...checkMigrations(migrations, { models, workers: await countLiveWorkers(db) }),
  ]
  for (const model of models) {
    throwIfAborted(options.signal)
    const table = tables.find((one) => one.modelId === model.id)
    if (table === undefined) continue
    const patient: Patient = {
      model,
      vectors: vectors.get(model.id) ?? 0,
      analysed: table.analysed,
      quarantined: quarantined.get(model.id) ?? 0,
      migration: migrations.find((one) => one.targetModelId === model.id) ?? null,
    }
    checks.push(...(await examineModel(deps, patient, options)))
  }
  return { result: worst(checks), checks, role }
}

async function examineRole(db: Deps['db'], name: string): Promise<RoleReport> {
  const works = await grantsForRole(db, name)
  return {
    name,
    works: works.map(({ work, grants }) => ({ work, allowed: grants.every(({ held }) => held), grants })),
  }
}

/** Nothing, if the model is removed while it is being checked. */
async function examineModel(
  deps: EmbedDeps & Pick<Deps, 'tuning' | 'today' | 'recall'>,
  patient: Patient,
  options: DoctorOptions,
): Promise<readonly Check[]> {
  try {
    const rows = [
      ...checkRetirement(deps, patient),
      ...(await checkMissing(deps, patient)),
      ...(patient.vectors === 0 ? [] : await checkStale(deps, patient)),
      ...checkQuarantine(patient),
      ...(await checkOrphanVectors(deps, patient)),
    ]
    if (patient.vectors === 0) return rows
    const index = [
      await checkIndex(deps, patient),
      ...(await checkIndexUse(deps, patient)),
      ...(await checkRecall(deps, patient, options.signal)),
      checkStatistics(deps, patient),
    ]
    const drift = options.probe === false ? [] : [await checkDrift(deps, patient, options.signal)]
    return [...rows, ...index, ...drift]
  } catch (error) {
    if (!isGone(error)) throw error
    const tables = await modelTablesHealth(deps.db)
    if (tables.some(({ modelId }) => modelId === patient.model.id)) throw error
    return []
  }
}

function worst(checks: readonly Check[]): DoctorReport['result'] {
  if (checks.some((check) => check.result === 'fail')) return 'fail'
  return checks.some((check) => check.result === 'warn') ? 'warn' : 'ok'
}
