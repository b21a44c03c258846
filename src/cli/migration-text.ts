import { counted, dollars, exactDollars, grouped } from '../core/counted.ts'
import type {
  GateResult,
  Migration,
  MigrationScope,
  MigrationState,
  MigrationStatus,
  MigrationWorker,
  Verification,
} from '../wire/migration.ts'
import type { MigrationPlan } from '../wire/migration-plan.ts'
import { bytes, facts, percent, plain, type Style, table } from './text.ts'

export const money = (usd: number | null): string => (usd === null ? 'unknown' : dollars(usd))

/** A rough time ahead: `45 s`, `12 min`, `3.5 h`. */
export function duration(seconds: number): string {
  if (seconds < 1) return '1 s'
  if (seconds < 90) return `${Math.ceil(seconds)} s`
  if (seconds < 90 * 60) return `${Math.ceil(seconds / 60)} min`
  if (seconds < 48 * 3_600) return `${(seconds / 3_600).toFixed(1)} h`
  return `${(seconds / 86_400).toFixed(1)} days`
}

export function scopeText(scope: MigrationScope): string {
  const { documents, where, sample } = scope
  const parts = [
    ...(documents === undefined ? [] : [counted(documents.length, 'document')]),
    ...(where === undefined
      ? []
      : [
          `metadata ${Object.entries(where)
            .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
            .join(', ')}`,
        ]),
    ...(sample === undefined ? [] : [`a sample of ${counted(sample, 'chunk')}`]),
  ]
  return parts.length === 0 ? 'everything' : parts.join(', ')
}

export function planText(plan: MigrationPlan, style: Style): string {
  const { limits } = plan
  const inForce = [
    ...(limits.requestsPerMinute === null
      ? []
      : [`${counted(limits.requestsPerMinute, 'request')} per minute`]),
    ...(limits.tokensPerMinute === null ? [] : [`${counted(limits.tokensPerMinute, 'token')} per minute`]),
    `${counted(limits.batchItems, 'text')} per request`,
  ]
  const lines: [string, string][] = [
    ['from', plan.sourceModel],
    ['to', style.bold(plan.targetModel)],
    ['scope', scopeText(plan.scope)],
    [
      'chunks',
      `${grouped(plan.missingChunks)} to embed` +
        (plan.missingChunks < plan.totalChunks ? `, of ${grouped(plan.totalChunks)}` : '') +
        (plan.savedByIdenticalContent > 0
          ? `; ${grouped(plan.savedByIdenticalContent)} cost nothing, their text is not new`
          : ''),
    ],
    [
      'tokens',
      `${plan.tokensExact ? '' : 'about '}${grouped(plan.tokens)}${plan.tokensExact ? '' : ' (an estimate)'}`,
    ],
    ['cost', costText(plan)],
    ['time', `about ${duration(plan.etaSeconds)} with one worker (${timeFrom(plan)})`],
    ['space', spaceText(plan)],
    ...indexBuildText(plan),
    ['limits', inForce.join(', ')],
  ]
  const warnings = plan.warnings.map((text) => `${style.yellow('warning:')} ${plain(text)}`)
  return [facts(lines, style), ...(warnings.length === 0 ? [] : ['', ...warnings])].join('\n')
}

/** Nothing about a build that is over at once. */
function indexBuildText({ index }: MigrationPlan): readonly [string, string][] {
  const { seconds, processes, memoryBytes, fits } = index
  if (fits && seconds < 10) return []
  const means = `${counted(processes, 'process', 'processes')} and ${bytes(memoryBytes)} of memory`
  return [['index', `about ${duration(seconds)} to build, with ${means}`]]
}

function spaceText({ vectorBytes, indexBytes, freeBytes }: MigrationPlan): string {
  const needed = `${bytes(vectorBytes)} of vectors, ${bytes(indexBytes)} of index`
  return freeBytes === null
    ? `${needed}; a server does not tell what its disk has free`
    : `${needed}; ${bytes(freeBytes)} free`
}

function costText({
  costUsdEstimate: costUsd,
  pricePerMillionTokens,
  priceFrom,
  budgetUsd,
}: MigrationPlan): string {
  const budget = budgetUsd === null ? '' : `; pauses before it exceeds ${money(budgetUsd)}`
  if (costUsd === null || pricePerMillionTokens === null) return `unknown: set --price-per-million${budget}`
  if (pricePerMillionTokens === 0) return `$0${budget}`
  const from = priceFrom === 'catalogue' ? ', list price' : ''
  return `about ${money(costUsd)} (${exactDollars(pricePerMillionTokens)} per million tokens${from})${budget}`
}

function timeFrom({ etaFrom, probe }: MigrationPlan): string {
  if (etaFrom === 'probe') return `measured on ${counted(probe.texts, 'text')}`
  return etaFrom === 'nothing to do' ? etaFrom : `limited by its ${etaFrom}`
}

export const stateWords = {
  planned: 'planned',
  filling: 'filling',
  indexing: 'building the index',
  verifying: 'verifying',
  ready: 'ready to cut over',
  paused: 'paused',
  cut_over: 'cut over',
  rolled_back: 'rolled back',
  retired: 'retired',
  cancelled: 'cancelled',
} as const satisfies Record<MigrationState, string>

function stateText({ state, pausedFrom }: Pick<Migration, 'state' | 'pausedFrom'>, style: Style): string {
  const words = stateWords[state]
  if (state === 'paused') return style.yellow(`${words} while ${stateWords[pausedFrom ?? 'filling']}`)
  return state === 'ready' || state === 'cut_over' ? style.green(words) : words
}

export function statusText(status: MigrationStatus, style: Style): string {
  const { totalChunks, doneChunks } = status
  const share = totalChunks === 0 ? 1 : doneChunks / totalChunks
  const lines: [string, string][] = [
    ['migration', `${status.id}: ${status.sourceModel} → ${style.bold(status.targetModel)}`],
    ['state', stateText(status, style)],
  ]
  if (scopeText(status.scope) !== 'everything') lines.push(['scope', scopeText(status.scope)])
  lines.push(['chunks', `${grouped(doneChunks)} of ${grouped(totalChunks)} (${percent(share)})`])
  if (status.chunksPerSecond > 0 || status.etaSeconds !== null) lines.push(['speed', speedText(status)])
  lines.push(['spent', spentText(status)])
  if (status.quarantinedChunks > 0) {
    lines.push([
      'quarantine',
      style.yellow(`${counted(status.quarantinedChunks, 'chunk')} (see \`revector migrate quarantine\`)`),
    ])
  }
  const { source, target } = status.pendingChunks
  if (source > 0) lines.push(['pending', `${counted(source, 'chunk')} for ${status.sourceModel}`])
  if (target > 0) lines.push(['pending', `${counted(target, 'chunk')} for ${status.targetModel}`])
  if (status.workers.length > 0 || isMoving(status.state)) {
    lines.push(['workers', workersText(status.workers)])
  }
  if (status.rollbackWindowUntil !== null && status.state === 'cut_over') {
    lines.push([
      'rollback window',
      `${status.sourceModel} stays in sync until ${moment(status.rollbackWindowUntil)}`,
    ])
  }
  if (status.error !== null) {
    const { message, hint } = status.error
    lines.push(['reason', style.yellow(plain(message))])
    if (hint !== '') lines.push(['hint', plain(hint)])
  }
  return facts(lines, style)
}

/** Whether workers have something to do. */
export function isMoving(state: MigrationState): boolean {
  return state === 'filling' || state === 'indexing' || state === 'verifying'
}

function speedText({ chunksPerSecond, etaSeconds }: MigrationStatus): string {
  const rate = chunksPerSecond >= 10 ? grouped(chunksPerSecond) : chunksPerSecond.toFixed(1)
  return `${rate} chunks per second${etaSeconds === null ? '' : `, about ${duration(etaSeconds)} left`}`
}

function spentText(status: MigrationStatus): string {
  const { tokens, costUsd, costUsdEstimate, budgetUsd, reused } = status
  const of = costUsdEstimate === null || costUsdEstimate === 0 ? '' : ` of about ${money(costUsdEstimate)}`
  const budget = budgetUsd === null ? '' : `, budget ${money(budgetUsd)}`
  const free = reused === 0 ? '' : `; ${counted(reused, 'vector')} from identical text`
  return `${counted(tokens, 'token')}, ${money(costUsd)}${of}${budget}${free}`
}

function workersText(workers: readonly MigrationWorker[]): string {
  if (workers.length === 0) return 'none (start one with `revector worker`)'
  return workers
    .map(({ host, pid, chunks, leases }) => {
      const holds = leases === 0 ? '' : `, holds ${counted(leases, 'batch', 'batches')}`
      return `${plain(host)}:${pid} (${counted(chunks, 'chunk')}${holds})`
    })
    .join(', ')
}

/** To the minute, in UTC. */
export function moment(date: Date): string {
  return `${date.toISOString().slice(0, 16).replace('T', ' ')} UTC`
}

/** One line per gate; with what was required, if it did not pass. */
export function gatesText({ gates }: Verification, style: Style): string {
  const width = Math.max(...gates.map(({ gate }) => gate.length))
  return gates
    .map((gate) => {
      const { mark, remark } = verdict(gate, style)
      return `${mark}  ${gate.gate.padEnd(width)}  ${plain(gate.measured)}${remark}`
    })
    .join('\n')
}

function verdict({ passed, overridden, required, expected, data }: GateResult, style: Style) {
  // Not required and not measured: not a pass.
  if (passed && !required && Object.keys(data).length === 0) return { mark: style.dim('–   '), remark: '' }
  if (passed) return { mark: style.green('ok  '), remark: '' }
  const requirement = style.dim(`; expected: ${plain(expected)}`)
  if (overridden) return { mark: style.yellow('ok  '), remark: `${requirement} (overridden)` }
  return { mark: required ? style.red('FAIL') : style.yellow('warn'), remark: requirement }
}

export function migrationsText(migrations: readonly Migration[], style: Style): string {
  if (migrations.length === 0)
    return 'No model migrations yet. Plan one with `revector migrate plan --from A --to B`.'
  const columns = [
    { header: 'ID', align: 'right' as const },
    { header: 'STATE' },
    { header: 'FROM' },
    { header: 'TO' },
    { header: 'SPENT', align: 'right' as const },
    { header: 'CREATED' },
    { header: 'BY' },
  ]
  const rows = migrations.map((one) => [
    String(one.id),
    stateText(one, style),
    one.sourceModel,
    one.targetModel,
    money(one.costUsd),
    moment(one.createdAt),
    plain(one.createdBy),
  ])
  return table(columns, rows, style)
}
