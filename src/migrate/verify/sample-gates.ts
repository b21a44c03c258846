import { setImmediate } from 'node:timers/promises'
import { counted, grouped } from '../../core/counted.ts'
import type { ChunkId } from '../../core/document.ts'
import { throwIfAborted } from '../../core/errors.ts'
import { cosineDistance, distanceBetween } from '../../embedding/compare.ts'
import { readVectors } from '../../store/embeddings.ts'
import { sampleEmbedded } from '../../store/verification.ts'
import type { Model } from '../../wire/model.ts'
import type { Measured, VerifyDeps, VerifyRequest } from './gate.ts'

/** Neighbours of a chunk that are compared. */
const nearest = 10

/** Texts that are embedded again: enough to notice another model, too few to cost anything. */
const reEmbedded = 16

/** The provider still returns the stored vectors: it has not put another model under the name. */
export async function providerGate(deps: VerifyDeps, request: VerifyRequest): Promise<Measured> {
  const { db, layout, models } = deps
  const { target, scope, thresholds, signal } = request
  const limit = Math.min(thresholds.sample, reEmbedded)
  const chunks = await sampleEmbedded(db, layout, [target], { scope, limit })
  const expected = `re-embedded chunks within a cosine distance of ${thresholds.provider} of the stored vectors`
  if (chunks.length === 0) return { passed: true, expected, measured: 'no vectors to compare', data: {} }
  const opened = await models.open(target)
  const texts = chunks.map((chunk) => chunk.content)
  const { outcomes } = await opened.embedEach(texts, { kind: 'document', signal })
  const ids = chunks.map((chunk) => chunk.id)
  const stored = await readVectors(db, layout, target, ids)
  const apart = ids.flatMap((id, i) => {
    const before = stored.get(id)
    // A chunk that has just been deleted is not compared.
    if (before === undefined) return []
    const now = outcomes[i]?.vector
    return [{ id, distance: now === undefined ? 1 : cosineDistance(before, now) }]
  })
  const changed = apart.filter(({ distance }) => !(distance <= thresholds.provider))
  const farthest = apart.reduce((most, { distance }) => Math.max(most, distance), 0)
  return {
    passed: changed.length === 0,
    expected,
    measured: `${grouped(apart.length - changed.length)} of ${counted(apart.length, 'chunk')} unchanged, the largest distance is ${rounded(farthest, 6)}`,
    data: { chunks: apart.length, changed: changed.length, farthest, examples: changed.map(({ id }) => id) },
  }
}

/** Fewer chunks have no neighbourhoods worth comparing. */
const fewestCompared = 40
/**
 * Neighbours are at most a fortieth of the sample, so that chance alone gives an overlap of 0.025. Measured
 * with 400 abstracts of Cranfield: 0.25 between MiniLM and the bundled model, 0.23 between MiniLM and hashed
 * words.
 */
const neighbourShare = 1 / 40

/** How much two models agree on which chunks are similar, in a sample that both have embedded. */
export async function overlapGate(deps: VerifyDeps, request: VerifyRequest): Promise<Measured> {
  const { db, layout } = deps
  const { source, target, scope, thresholds, signal } = request
  const required = thresholds.overlap !== null
  const expected = required
    ? `neighbours in common at least ${thresholds.overlap}`
    : 'neighbours in common, measured only'
  if (source === null || source.state === 'retired') {
    return { passed: true, required, expected, measured: 'the source no longer has vectors', data: {} }
  }
  const limit = Math.ceil(thresholds.sample / neighbourShare / nearest)
  const chunks = await sampleEmbedded(db, layout, [source, target], { scope, limit })
  if (chunks.length < fewestCompared) {
    const measured = `only ${counted(chunks.length, 'chunk has', 'chunks have')} a vector in both: too few to compare`
    return { passed: true, required, expected, measured, data: { chunks: chunks.length } }
  }
  const ids = chunks.map((chunk) => chunk.id)
  const k = Math.min(nearest, Math.floor(ids.length * neighbourShare))
  const before = await readVectors(db, layout, source, ids)
  const after = await readVectors(db, layout, target, ids)
  const compared = ids.slice(0, thresholds.sample)
  let common = 0
  for (const id of compared) {
    const was = neighbours(source, before, id, k)
    for (const other of neighbours(target, after, id, k)) if (was.has(other)) common += 1
    // Compares thousands of wide vectors: yields so that other work can run.
    await setImmediate(undefined, signal && { signal }).catch(() => throwIfAborted(signal))
  }
  const overlap = common / (compared.length * k)
  return {
    passed: overlap >= (thresholds.overlap ?? 0),
    required,
    expected,
    measured: `${rounded(overlap)} of the ${k} nearest are the same in both models, among ${counted(ids.length, 'chunk')}`,
    data: { overlap, k, chunks: ids.length, byChance: k / (ids.length - 1) },
  }
}

function neighbours(
  model: Model,
  vectors: ReadonlyMap<ChunkId, Float32Array>,
  of: ChunkId,
  k: number,
): ReadonlySet<ChunkId> {
  const vector = vectors.get(of)
  if (vector === undefined) return new Set()
  const others = [...vectors].flatMap(([id, other]) =>
    id === of ? [] : [{ id, distance: distanceBetween(model.distance, vector, other) }],
  )
  others.sort((a, b) => a.distance - b.distance || (a.id < b.id ? -1 : 1))
  return new Set(others.slice(0, k).map(({ id }) => id))
}

/** Judged quality, if there is a judge. */
export async function qualityGate(
  { judgeQuality }: VerifyDeps,
  { source, target, thresholds, signal }: VerifyRequest,
): Promise<Measured> {
  const required = thresholds.quality !== null
  const expected = required ? `at least ${thresholds.quality} of the source's quality` : 'not required'
  const judged =
    judgeQuality === undefined || source === null ? null : await judgeQuality({ source, target, signal })
  if (judged === null) return { passed: true, required, expected, measured: 'not judged', data: {} }
  const share = judged.source === 0 ? 1 : judged.target / judged.source
  return {
    passed: share >= (thresholds.quality ?? 0),
    required,
    expected,
    measured: `${rounded(judged.target)} against ${rounded(judged.source)} (${judged.measure})`,
    data: { ...judged, share },
  }
}

function rounded(value: number, digits = 3): string {
  return String(Number(value.toFixed(digits)))
}
