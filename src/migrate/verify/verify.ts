import { type ErrorCode, isRevectorError, RevectorError, throwIfAborted } from '../../core/errors.ts'
import { canaryTexts, makeCanaries } from '../../embedding/canaries.ts'
import { insertCanaries, readCanaries } from '../../store/canaries.ts'
import type { GateName, GateResult, Verification } from '../../wire/migration.ts'
import type { Measured, VerifyDeps, VerifyRequest } from './gate.ts'
import { recallGate } from './recall-gate.ts'
import { coverageGate, indexGate, scopeGate, vectorsGate } from './row-gates.ts'
import { overlapGate, providerGate, qualityGate } from './sample-gates.ts'

export type { VerifyDeps, VerifyRequest } from './gate.ts'

type Gate = (deps: VerifyDeps, request: VerifyRequest) => Promise<Measured>

/** From the cheapest to the most expensive, except for the scope, which no amount of work can fix. */
const gates: readonly (readonly [GateName, Gate])[] = [
  ['coverage', coverageGate],
  ['vectors', vectorsGate],
  ['index', indexGate],
  ['recall', recallGate],
  ['provider', providerGate],
  ['overlap', overlapGate],
  ['quality', qualityGate],
  ['scope', scopeGate],
]

/**
 * Whether the target can become current: from the rows and from the provider's present replies, never from
 * counters. Every gate is measured, whatever the others found. Changes nothing, except for what searches of the
 * target need: its search effort, and the canaries that a model gets at its first verification.
 *
 * @throws RevectorError INTERRUPTED, DATABASE_UNREACHABLE, DATABASE_BUSY
 */
export async function verify(deps: VerifyDeps, request: VerifyRequest): Promise<Verification> {
  const results: GateResult[] = []
  for (const [gate, measure] of gates) {
    throwIfAborted(request.signal)
    const { required = true, ...measured } = await measure(deps, request).catch(notMeasured)
    const overridden = !measured.passed && request.override?.includes(gate) === true
    results.push({ gate, required, overridden, ...measured })
  }
  if (results.some(({ gate, passed }) => gate === 'provider' && passed)) await takeCanaries(deps, request)
  return { at: new Date(), passed: failedGates(results).length === 0, gates: results }
}

/**
 * Now it is known that the provider returns the stored vectors: from here on `doctor` notices when it no longer
 * does.
 */
async function takeCanaries({ db, models }: VerifyDeps, { target, signal }: VerifyRequest): Promise<void> {
  if ((await readCanaries(db, target.id)).length > 0) return
  try {
    await insertCanaries(db, target.id, await makeCanaries(await models.open(target), canaryTexts, signal))
  } catch (error) {
    // The verdict does not depend on them; doctor takes missing ones.
    if (!isRevectorError(error) || passing.includes(error.code)) throw error
  }
}

/** These errors say nothing about the target: verifying again may have another result. */
const passing: readonly ErrorCode[] = ['INTERRUPTED', 'DATABASE_UNREACHABLE', 'DATABASE_BUSY']

/**
 * A gate that can't be measured does not pass: broken rows that no search can read, a provider that is gone. An
 * operator who knows why may override it.
 */
function notMeasured(error: unknown): Measured {
  if (!isRevectorError(error) || passing.includes(error.code)) throw error
  const { code, message } = error
  return { passed: false, expected: 'to be measured', measured: `not measured: ${message}`, data: { code } }
}

/** Gates that prevent the cut-over. */
export function failedGates(gates: readonly GateResult[]): readonly GateResult[] {
  return gates.filter((gate) => gate.required && !gate.passed && !gate.overridden)
}

/** @throws RevectorError GATE_FAILED that names every failed gate */
export function refuseFailedGates(target: string, results: readonly GateResult[]): void {
  const failed = failedGates(results)
  if (failed.length === 0) return
  const sentences = failed.map(
    ({ gate, expected, measured }) => `${gate} (expected ${expected}; found ${measured})`,
  )
  const names = failed.map(({ gate }) => gate)
  throw new RevectorError(
    'GATE_FAILED',
    `"${target}" cannot become current: ${names.length === 1 ? 'the gate' : 'the gates'} ${sentences.join(', ')} did not pass.`,
    {
      hint: `${hints[names[0] ?? 'coverage']} To continue anyway: ${names.map((name) => `--override ${name}`).join(' ')}.`,
      data: {
        model: target,
        gates: names,
        failed: failed.map(({ gate, expected, measured, data }) => ({ gate, expected, measured, data })),
      },
    },
  )
}

const hints: Readonly<Record<GateName, string>> = {
  coverage:
    'Let the migration fill what is missing; quarantined chunks: `revector migrate quarantine`, then `retry`.',
  vectors: 'Delete these vectors, then let the migration fill them again.',
  index:
    'A worker builds a missing index (`revector worker`); `revector doctor` says why a valid one is not used.',
  recall:
    'No search effort reaches it: build a denser index (the statements are in the data), or ask for less with `revector migrate verify --recall`.',
  provider: 'Check which model the endpoint serves: its vectors differ from the stored ones.',
  overlap: 'Compare the results of both models with `revector search --models`.',
  quality: 'Check the judged queries for which the target is worse.',
  scope: 'Start the migration again without --documents, --where and --sample to migrate the rest.',
}
