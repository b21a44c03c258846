import { counted } from '../core/counted.ts'
import { isRevectorError } from '../core/errors.ts'
import { type Canary, makeCanaries } from '../embedding/canaries.ts'
import { cosineDistance } from '../embedding/compare.ts'
import { readCanaries } from '../store/canaries.ts'
import type { EmbedDeps, StoreDeps } from '../store/deps.ts'
import { readVectors } from '../store/embeddings.ts'
import { sampleEmbedded } from '../store/verification.ts'
import type { Check } from '../wire/doctor.ts'
import { defaultGates } from '../wire/migration.ts'
import { fail, ok, warn } from './check.ts'
import type { Patient } from './model.ts'

/**
 * Greatest allowed cosine distance of two embeddings of one text by one model. Measured with eight texts: 1e-14
 * between a
 * text alone and in a batch, 6e-6 when numbers are rounded to half precision, 1.3e-4 when they are rounded to eight
 * bits; but 0.06 when a prefix is added, and around 1 for another model.
 */
const tolerance = defaultGates.provider

/** Number of stored chunks that are checked instead while a model has no canaries yet. */
const standIns = 8

/** Whether the provider still returns the vectors that it returned when the model was filled. */
export async function checkDrift(deps: EmbedDeps, { model }: Patient, signal?: AbortSignal): Promise<Check> {
  const name = model.modelName
  try {
    const opened = await deps.models.open(model)
    const stored = await readCanaries(deps.db, model.id)
    const known = stored.length > 0 ? stored : await storedChunks(deps, model)
    const now = await makeCanaries(
      opened,
      known.map((one) => one.text),
      signal,
    )
    const distances = known.map(({ vector }, i) => {
      const again = now[i]?.vector
      return again === undefined ? 1 : cosineDistance(vector, again)
    })
    const changed = distances.filter((distance) => !(distance <= tolerance)).length
    const farthest = distances.reduce((most, distance) => Math.max(most, distance), 0)
    const since = stored[0]?.madeAt ?? null
    const data = { texts: known.length, changed, farthest, tolerance, since: since?.toISOString() ?? null }
    if (changed > 0) {
      return fail('drift', name, {
        sentence: `"${name}" returns other vectors than ${stored.length > 0 ? 'before' : 'those that are stored'}: ${changed} of ${counted(known.length, 'text')} changed, by a cosine distance of up to ${farthest.toPrecision(3)}. Stored and new vectors cannot be compared.`,
        hint: 'Check which model the endpoint serves. If the provider changed the model, register it under another name and migrate to it.',
        data,
      })
    }
    const as = stored.length > 0 ? 'the same vectors as before' : 'the vectors that are stored'
    return ok('drift', name, { sentence: `"${name}" returns ${as}.`, data })
  } catch (error) {
    if (!isRevectorError(error) || error.code === 'INTERRUPTED' || error.code.startsWith('DATABASE_'))
      throw error
    return warn('drift', name, {
      sentence: `"${name}" could not be checked: ${error.message}`,
      hint: error.hint,
      data: { code: error.code },
    })
  }
}

async function storedChunks({ db, layout }: StoreDeps, model: Patient['model']): Promise<readonly Canary[]> {
  const chunks = await sampleEmbedded(db, layout, [model], { limit: standIns })
  const vectors = await readVectors(
    db,
    layout,
    model,
    chunks.map((chunk) => chunk.id),
  )
  return chunks.flatMap(({ id, content }) => {
    const vector = vectors.get(id)
    return vector === undefined ? [] : [{ text: content, vector }]
  })
}
