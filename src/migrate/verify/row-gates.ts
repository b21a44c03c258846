import { counted, grouped } from '../../core/counted.ts'
import { hnswIndexOf } from '../../schema/hnsw-index.ts'
import { countVectors } from '../../store/coverage.ts'
import { readVectors } from '../../store/embeddings.ts'
import { explainNearest } from '../../store/nearest-plan.ts'
import { defaultTuning } from '../../store/nearest-tuning.ts'
import { isPartial } from '../../store/scope.ts'
import { coverageInScope, findVectorFaults, sampleEmbedded } from '../../store/verification.ts'
import type { Measured, VerifyDeps, VerifyRequest } from './gate.ts'

/** Every chunk in scope has a vector or is quarantined, and no more are quarantined than allowed. */
export async function coverageGate(
  { db, layout }: VerifyDeps,
  { target, scope, allowedQuarantined }: VerifyRequest,
): Promise<Measured> {
  const covered = await coverageInScope(db, layout, target, scope)
  const { chunks, vectors, quarantined, missing, stale, examples } = covered
  const old = stale > 0 ? ` (${counted(stale, 'has', 'have')} that of an earlier text)` : ''
  const lacking = missing > 0 ? `, ${counted(missing, 'lacks one', 'lack one')}${old}` : ''
  return {
    passed: missing === 0 && quarantined <= allowedQuarantined,
    expected: `a vector for each chunk, at most ${grouped(allowedQuarantined)} quarantined`,
    measured: `${grouped(vectors)} of ${counted(chunks, 'chunk has', 'chunks have')} a vector, ${counted(quarantined, 'is', 'are')} quarantined${lacking}`,
    data: { chunks, vectors, quarantined, missing, stale, examples },
  }
}

/** Lengths of normalised vectors differ from 1 by less: vectors are scaled before they are stored. */
const normTolerance = 1e-3

/** Every vector of the model, in scope or not, has the right dimension, is finite, and is not zero. */
export async function vectorsGate({ db }: VerifyDeps, { target }: VerifyRequest): Promise<Measured> {
  const faults = await findVectorFaults(db, target, normTolerance)
  const { vectors, wrongWidth, notFinite, zero, wrongNorm } = faults
  const found = [
    [wrongWidth, 'of another dimension'],
    [notFinite, 'not finite'],
    [zero, 'all zeros'],
    [wrongNorm, 'not of length 1'],
  ] as const
  const faulty = found.flatMap(([count, fault]) => (count > 0 ? [`${count} ${fault}`] : []))
  const length = target.normalize ? ', of length 1' : ''
  return {
    passed: faulty.length === 0,
    expected: `vectors of ${target.dimension} finite numbers, not all zero${length}`,
    measured:
      faulty.length === 0
        ? `${grouped(vectors)}, all of ${target.dimension} finite numbers${length}`
        : `${faulty.join(', ')}, of ${counted(vectors, 'vector')}`,
    data: { ...faults },
  }
}

/** The HNSW index is valid, and if there are so many vectors that searches need it, they use it. */
export async function indexGate(
  { db, layout, tuning = defaultTuning }: VerifyDeps,
  { target }: VerifyRequest,
): Promise<Measured> {
  const hnswIndex = await hnswIndexOf(db, target)
  const [chunk] = await sampleEmbedded(db, layout, [target], { limit: 1 })
  const vector = chunk && (await readVectors(db, layout, target, [chunk.id])).get(chunk.id)
  const { vectors } = await countVectors(db, layout, target)
  const needed = vectors > tuning.exactRows
  const explained =
    vector === undefined || !needed
      ? null
      : await explainNearest(db, layout, { model: target, vector, k: 10, versionOf: null, vectors }, tuning)
  const valid = hnswIndex?.valid === true
  const used = explained === null || explained.index === hnswIndex?.name
  return {
    passed: valid && used,
    expected: needed ? 'a valid index that searches use' : 'a valid index',
    measured: indexFound({ name: hnswIndex?.name, valid, needed, used, vectors }),
    data: {
      index: hnswIndex?.name ?? null,
      valid,
      bytes: hnswIndex?.bytes ?? 0,
      used: explained === null ? null : used,
      plan: used ? null : (explained?.plan ?? null),
    },
  }
}

function indexFound(found: {
  readonly name: string | undefined
  readonly valid: boolean
  readonly needed: boolean
  readonly used: boolean
  readonly vectors: number
}): string {
  if (found.name === undefined) return 'none'
  if (!found.valid) return `${found.name}, left invalid by an interrupted build`
  if (!found.needed)
    return `${found.name}; ${counted(found.vectors, 'vector is', 'vectors are')} few enough to be compared one by one`
  return found.used ? `${found.name}, used` : `${found.name}, but a search did not use it`
}

/** Nothing is left out: a cut-over to a part would make the rest of the corpus invisible. */
export async function scopeGate(
  { db, layout }: VerifyDeps,
  { target, scope }: VerifyRequest,
): Promise<Measured> {
  const all = await coverageInScope(db, layout, target, {})
  const reached = all.vectors + all.quarantined
  // Gaps of a migration of the whole corpus are checked by the coverage gate.
  const passed = !isPartial(scope) || all.missing === 0
  return {
    passed,
    expected: 'the whole corpus',
    measured: passed ? 'the whole corpus' : `${grouped(reached)} of ${counted(all.chunks, 'chunk')}`,
    data: { chunks: all.chunks, reached, scope },
  }
}
