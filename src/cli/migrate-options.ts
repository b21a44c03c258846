import { type Command, Option } from 'commander'
import { parseByteSize } from '../core/byte-size.ts'
import { definedOnly } from '../core/defined.ts'
import type { BuildLimits } from '../schema/build-memory.ts'
import { type GateName, gateNames, type MigrationScope } from '../wire/migration.ts'
import { decimal, invalid, keyValue, names, oneOf, repeated, wholeNumber } from './arguments.ts'

/** What the build of an HNSW index may take on the server. */
export interface BuildFlags {
  readonly buildMemory?: number
  readonly gentle?: boolean
}

/** The flags that determine a plan. */
export interface PlanFlags extends BuildFlags {
  readonly from?: string
  readonly to: string
  readonly documents?: readonly string[]
  readonly where?: readonly (readonly [string, unknown])[]
  readonly sample?: number
  readonly budgetUsd?: number
  readonly pricePerMillion?: number
}

/** What may be changed while a migration is open. */
export interface LimitFlags {
  readonly budgetUsd?: number
  readonly pricePerMillion?: number
  readonly allowQuarantined?: number
  readonly rollbackWindow?: number
}

export interface StartFlags extends PlanFlags, LimitFlags {
  readonly recall?: number
}

export interface GateFlags {
  readonly override?: readonly GateName[]
}

export interface VerifyFlags extends GateFlags {
  readonly recall?: number
}

export function withScopeOptions(command: Command): Command {
  return withBuildOptions(command)
    .option('--from <model>', 'the source; must be the current model, which is the default')
    .requiredOption('--to <model>', 'the target')
    .option('--documents <id,…>', 'move these documents first', names('--documents'))
    .option(
      '--where <key=value>',
      'move documents with this metadata first (repeatable)',
      repeated(keyValue('--where')),
    )
    .option('--sample <n>', 'move this many chunks first, drawn at random', wholeNumber('--sample', 1))
}

/** The flags that affect the cost of a plan. */
export function withPriceOptions(command: Command): Command {
  return command
    .option('--budget-usd <x>', 'pause before spending more than this', dollars('--budget-usd'))
    .option(
      '--price-per-million <x>',
      'US dollars per million tokens; default: the list price',
      dollars('--price-per-million'),
    )
}

export function withLimitOptions(command: Command): Command {
  return withPriceOptions(command)
    .option(
      '--allow-quarantined <n>',
      'cut over even if up to this many chunks cannot be embedded (default: 0)',
      wholeNumber('--allow-quarantined', 0),
    )
    .option(
      '--rollback-window <time>',
      'how long to keep the source in sync after the cut-over: 30m, 12h, 7d (default: 7d)',
      duration('--rollback-window'),
    )
}

export function overrideOption(): Option {
  return new Option(
    '--override <gate>',
    `accept that this gate fails, which is recorded (repeatable): ${gateNames.join(', ')}`,
  ).argParser(repeated(oneOf('--override', gateNames)))
}

export function withBuildOptions(command: Command): Command {
  return command
    .option('--build-memory <size>', 'most memory of the server for the index build: 512MB, 4GB', memory)
    .option('--gentle', 'build the index with one process, for a busy small machine')
}

export function buildLimits({ buildMemory, gentle }: BuildFlags): { readonly build?: BuildLimits } {
  if (buildMemory === undefined && gentle === undefined) return {}
  return { build: definedOnly({ memory: buildMemory, gentle }) }
}

function memory(text: string): number {
  const size = parseByteSize(text)
  if (size !== null) return size
  throw invalid('--build-memory', 'an amount such as 512MB or 4GB', text)
}

export function recallOption(): Option {
  return new Option(
    '--recall <share>',
    'share of the exact ten nearest that searches must find; the least search effort that finds it is used (default: 0.98)',
  ).argParser(recallShare)
}

/** As the library takes it; absent: the configured one. */
export function gates({ recall }: { readonly recall?: number }): {
  readonly gates?: { readonly recall: number }
} {
  return recall === undefined ? {} : { gates: { recall } }
}

function recallShare(text: string): number {
  const value = decimal('--recall')(text)
  if (value >= 0 && value <= 1) return value
  throw invalid('--recall', 'a share from 0 to 1', text)
}

/** As the library takes it. */
export function planRequest(flags: PlanFlags) {
  const { from, to, budgetUsd, pricePerMillion } = flags
  return {
    sourceModel: from,
    targetModel: to,
    scope: scopeOf(flags),
    ...limits({ budgetUsd, pricePerMillion }),
    ...buildLimits(flags),
  }
}

export function limits(flags: { readonly [Name in keyof LimitFlags]: LimitFlags[Name] | undefined }) {
  const { budgetUsd, pricePerMillion, allowQuarantined, rollbackWindow } = flags
  return {
    budgetUsd,
    pricePerMillionTokens: pricePerMillion,
    allowedQuarantined: allowQuarantined,
    rollbackWindowSeconds: rollbackWindow,
  }
}

function scopeOf({ documents, where, sample }: PlanFlags): MigrationScope {
  return { documents, where: where && Object.fromEntries(where), sample }
}

function dollars(flag: string): (text: string) => number {
  const number = decimal(flag)
  return (text) => {
    const value = number(text)
    if (value >= 0) return value
    throw invalid(flag, 'an amount of at least 0', text)
  }
}

const units = { s: 1, m: 60, h: 3_600, d: 86_400 } as const

/** `90s`, `30m`, `12h`, `7d` → seconds. */
function duration(flag: string): (text: string) => number {
  return (text) => {
    const [, amount, unit] = /^(\d+(?:\.\d+)?)(s|m|h|d)$/.exec(text.trim()) ?? []
    if (amount === undefined) throw invalid(flag, 'a time such as 30m, 12h or 7d', text)
    return Number(amount) * units[unit as keyof typeof units]
  }
}
