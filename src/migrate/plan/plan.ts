import { byteSize } from '../../core/byte-size.ts'
import { counted, dollars, grouped } from '../../core/counted.ts'
import { RevectorError } from '../../core/errors.ts'
import { knownModelOf } from '../../embedding/catalogue.ts'
import type { ModelLimits } from '../../embedding/contract.ts'
import { freeBytes } from '../../postgres/free-space.ts'
import { type BuildLimits, meansOf } from '../../schema/build-memory.ts'
import { estimateHnswIndexBytes, estimateTableBytes } from '../../schema/size-estimate.ts'
import type { Deps, EmbedDeps } from '../../store/deps.ts'
import { countFill, type FillCounts } from '../../store/plan-counts.ts'
import type { Of } from '../../wire/codec.ts'
import type { planRequest } from '../../wire/migration.ts'
import type { MigrationPlan } from '../../wire/migration-plan.ts'
import type { Model } from '../../wire/model.ts'
import { countTokensToEmbed, type TokensToEmbed } from './plan-tokens.ts'
import { probeModel } from './probe.ts'

/** Which chunks to migrate, to which model, and for how much. */
export type PlanMigration = Of<typeof planRequest> & {
  /** What the build of the HNSW index may take, where it differs from the configuration. */
  readonly build?: BuildLimits
  readonly signal?: AbortSignal
}

/** The models of a move. */
export interface Pair {
  readonly source: Model
  readonly target: Model
}

/**
 * What migrating to a model would take: counted in the database, priced from the catalogue, timed by embedding
 * a few real chunks with the target, which also shows that it responds at all. Writes nothing.
 *
 * @throws RevectorError MODEL_RETIRED, EMBEDDING_DIMENSION_MISMATCH, PROVIDER_*, RATE_LIMITED, INTERRUPTED
 */
export async function planMigration(
  deps: EmbedDeps & Pick<Deps, 'today' | 'buildLimits'>,
  request: Pair & Omit<PlanMigration, 'sourceModel' | 'targetModel'>,
): Promise<MigrationPlan> {
  const { db, layout, models, today = new Date() } = deps
  const { source, target, scope = {}, signal } = request
  const known = knownModelOf(target)
  const retirement = known?.retirement ?? null
  refuseRetired(target, retirement, today)
  const opened = await models.open(target)
  const probe = await probeModel(deps, opened, { target, scope, signal })
  const counts = await countFill(db, layout, target, scope)
  const tokens = await countTokensToEmbed(deps, { target, scope, counts, signal })
  const given = request.pricePerMillionTokens
  const price = given ?? known?.pricePerMillionTokens ?? null
  const costUsdEstimate = price === null ? null : (tokens.count * price) / 1e6
  const { requestsPerMinute, tokensPerMinute, concurrency, batchItems } = opened.limits
  const time = minutesOf(opened.limits, probe, counts, tokens)
  const vectorBytes = estimateTableBytes(target, counts.missing)
  const indexBytes = estimateHnswIndexBytes(target, counts.missing)
  const build = { space: target, rows: counts.chunks, concurrent: db.concurrent }
  const index = await meansOf(db, build, { ...deps.buildLimits, ...request.build })
  const plan = {
    id: null,
    state: 'planned',
    sourceModel: source.modelName,
    targetModel: target.modelName,
    scope,
    corpusChunks: counts.corpus,
    totalChunks: counts.chunks,
    doneChunks: counts.chunks - counts.missing,
    missingChunks: counts.missing,
    texts: counts.texts,
    savedByIdenticalContent: counts.missing - counts.texts,
    tokens: tokens.count,
    tokensExact: tokens.exact,
    pricePerMillionTokens: price,
    priceFrom: price === null ? null : given === undefined ? 'catalogue' : 'request',
    costUsdEstimate,
    budgetUsd: request.budgetUsd ?? null,
    etaSeconds: time.minutes * 60,
    etaFrom: time.from,
    bytesEstimate: vectorBytes + indexBytes,
    vectorBytes,
    indexBytes,
    index,
    freeBytes: await freeBytes(db),
    probe,
    limits: { requestsPerMinute, tokensPerMinute, concurrency, batchItems },
    retirement,
  } as const
  return { ...plan, warnings: warningsOf(plan) }
}

function refuseRetired(target: Model, retirement: string | null, today: Date): void {
  if (retirement === null || today.toISOString().slice(0, 10) <= retirement) return
  throw new RevectorError(
    'MODEL_RETIRED',
    `"${target.modelName}" was retired by its provider on ${retirement}.`,
    {
      hint: 'Migrate to another model; `revector models list` shows the registered ones.',
      data: { model: target.modelName, retirement },
    },
  )
}

/** One worker calls the provider sequentially; the tightest limit decides. */
function minutesOf(
  limits: ModelLimits,
  probe: MigrationPlan['probe'],
  counts: FillCounts,
  tokens: TokensToEmbed,
): { readonly minutes: number; readonly from: MigrationPlan['etaFrom'] } {
  if (counts.texts === 0) return { minutes: 0, from: 'nothing to do' }
  const perRequest = Math.min(
    limits.batchItems,
    Math.max(1, Math.floor(limits.batchTokens / Math.max(1, tokens.count / counts.texts))),
  )
  const requests = Math.ceil(counts.texts / perRequest)
  const candidates = [
    ['probe', (requests * probe.secondsPerRequest + counts.texts * probe.secondsPerText) / 60],
    ['requests per minute', limits.requestsPerMinute === null ? 0 : requests / limits.requestsPerMinute],
    ['tokens per minute', limits.tokensPerMinute === null ? 0 : tokens.count / limits.tokensPerMinute],
  ] as const
  const [from, minutes] = candidates.reduce((most, one) => (one[1] > most[1] ? one : most))
  return { minutes, from }
}

function warningsOf(plan: Omit<MigrationPlan, 'warnings'>): string[] {
  const warnings: string[] = []
  if (plan.costUsdEstimate === null) {
    warnings.push(
      `The price of ${plan.targetModel} is unknown: specify it per million tokens to see the cost.`,
    )
  }
  if (plan.costUsdEstimate !== null && plan.budgetUsd !== null && plan.costUsdEstimate > plan.budgetUsd) {
    warnings.push(
      `At about ${dollars(plan.costUsdEstimate)}, it will pause at the budget of ${dollars(plan.budgetUsd)}.`,
    )
  }
  if (!plan.index.fits) {
    const { neededBytes, memoryBytes } = plan.index
    warnings.push(
      `The index needs about ${byteSize(neededBytes)} of the server's memory to be built and gets ${byteSize(memoryBytes)}: past that, a row takes several times as long. If the server has it: --build-memory ${byteSize(neededBytes)}.`,
    )
  }
  if (plan.retirement !== null) {
    warnings.push(`${plan.targetModel} will be retired by its provider on ${plan.retirement}.`)
  }
  if (plan.freeBytes !== null && plan.freeBytes < plan.bytesEstimate) {
    const [needed, free] = [plan.bytesEstimate, plan.freeBytes].map((bytes) =>
      grouped(Math.ceil(bytes / 1e6)),
    )
    warnings.push(`It needs about ${needed} MB on a disk that has ${free} MB free.`)
  }
  if (plan.totalChunks < plan.corpusChunks) {
    const left = plan.corpusChunks - plan.totalChunks
    warnings.push(
      `${grouped(left)} of ${counted(plan.corpusChunks, 'chunk')} ${left === 1 ? 'is out of scope and stays' : 'are out of scope and stay'} with the source.`,
    )
  }
  return warnings
}
