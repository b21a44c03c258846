import type {
  Migration,
  MigrationEvent,
  MigrationReason,
  MigrationStatus,
  MigrationWorker,
  Verification,
} from '../core/migration.ts'
import type { DoctorReport, MigrationPlan, QuarantinedChunk, WorkReport } from '../library/revector.ts'

/** A plan has the fields of a status that are known before anything is done. */
export function planShape(plan: MigrationPlan) {
  return {
    id: null,
    state: 'planned' as const,
    source_model: plan.sourceModel,
    target_model: plan.targetModel,
    scope: plan.scope,
    corpus_chunks: plan.corpusChunks,
    total_chunks: plan.totalChunks,
    done_chunks: plan.totalChunks - plan.missingChunks,
    missing_chunks: plan.missingChunks,
    texts: plan.texts,
    saved_by_identical_content: plan.savedByIdenticalContent,
    tokens: plan.tokens,
    tokens_exact: plan.tokensExact,
    price_per_million_tokens: plan.pricePerMillionTokens,
    price_from: plan.priceFrom,
    cost_usd_estimate: plan.costUsd,
    budget_usd: plan.budgetUsd,
    eta_seconds: plan.minutes * 60,
    eta_from: plan.minutesFrom,
    bytes_estimate: plan.vectorBytes + plan.indexBytes,
    vector_bytes: plan.vectorBytes,
    index_bytes: plan.indexBytes,
    probe: {
      texts: plan.probe.texts,
      tokens: plan.probe.tokens,
      seconds: plan.probe.seconds,
      seconds_per_request: plan.probe.secondsPerRequest,
      seconds_per_text: plan.probe.secondsPerText,
    },
    limits: {
      requests_per_minute: plan.limits.requestsPerMinute,
      tokens_per_minute: plan.limits.tokensPerMinute,
      concurrency: plan.limits.concurrency,
      batch_items: plan.limits.batchItems,
    },
    retirement: plan.retirement,
    warnings: plan.warnings,
  }
}

/** A migration as it is stored, in a list. */
export function migrationShape(migration: Omit<Migration, 'calibration' | 'totalChunks'>) {
  const { settings } = migration
  return {
    id: Number(migration.id),
    state: migration.state,
    paused_from: migration.pausedFrom,
    source_model: migration.sourceModel,
    target_model: migration.targetModel,
    scope: migration.scope,
    embedded: migration.embedded,
    reused: migration.reused,
    tokens: migration.tokens,
    cost_usd: migration.costUsd,
    budget_usd: settings.budgetUsd,
    price_per_million_tokens: settings.pricePerMillionTokens,
    allowed_quarantined: settings.allowedQuarantined,
    rollback_window_seconds: settings.rollbackWindowSeconds,
    created_by: migration.createdBy,
    created_at: migration.createdAt.toISOString(),
    started_at: dateShape(migration.startedAt),
    filled_at: dateShape(migration.filledAt),
    cut_over_at: dateShape(migration.cutOverAt),
    finished_at: dateShape(migration.finishedAt),
    error: migration.reason === null ? null : reasonShape(migration.reason),
  }
}

/** A migration with its progress. */
export function migrationStatusShape(status: MigrationStatus) {
  return {
    ...migrationShape(status),
    total_chunks: status.totalChunks,
    done_chunks: status.doneChunks,
    quarantined_chunks: status.quarantinedChunks,
    pending_chunks: status.pendingChunks,
    chunks_per_second: status.chunksPerSecond,
    eta_seconds: status.etaSeconds,
    cost_usd_estimate: status.costUsdEstimate,
    bytes_estimate: status.bytesEstimate,
    rollback_window_until: dateShape(status.rollbackWindowUntil),
    workers: status.workers.map(workerShape),
    verification: status.verification === null ? null : verificationShape(status.verification),
  }
}

export function migrationEventShape(event: MigrationEvent) {
  return {
    id: Number(event.id),
    migration_id: event.migrationId === null ? null : Number(event.migrationId),
    at: event.at.toISOString(),
    actor: event.actor,
    type: event.type,
    data: event.data,
  }
}

function workerShape(worker: MigrationWorker) {
  return {
    id: worker.id,
    host: worker.host,
    pid: worker.pid,
    started_at: worker.startedAt.toISOString(),
    heartbeat_at: worker.heartbeatAt.toISOString(),
    leases: worker.leases,
    lease_until: dateShape(worker.leaseUntil),
    batches: worker.batches,
    chunks: worker.chunks,
  }
}

function verificationShape({ at, passed, gates }: Verification) {
  return { at: at.toISOString(), passed, gates }
}

function reasonShape({ code, message, hint, by, at }: MigrationReason) {
  return { code, message, hint, by, at: at.toISOString() }
}

function dateShape(date: Date | null): string | null {
  return date?.toISOString() ?? null
}

export function quarantineShape({ chunkId, code, reason, attempts, createdAt }: QuarantinedChunk) {
  return { chunk_id: chunkId, code, reason, attempts, created_at: createdAt.toISOString() }
}

export function workShape(report: WorkReport) {
  return {
    worker_id: report.workerId,
    batches: report.batches,
    embedded: report.embedded,
    reused: report.reused,
    quarantined: report.quarantined,
    pending: report.pending,
    tokens: report.tokens,
  }
}

export function doctorShape({ result, checks }: DoctorReport) {
  return {
    result,
    checks: checks.map((one) => ({
      check: one.check,
      model: one.model,
      result: one.result,
      sentence: one.sentence,
      hint: one.hint,
      data: one.data,
    })),
  }
}
