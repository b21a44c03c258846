import { RevectorError } from '../core/errors.ts'
import { cosineDistance } from '../embedding/compare.ts'
import type { EmbeddingModel } from '../embedding/contract.ts'
import type { Queryable } from '../postgres/database.ts'
import { sampleRows } from '../schema/attach/rows.ts'
import type { Place } from '../schema/layout.ts'
import type { Model, ModelSpec } from '../wire/model.ts'

interface Asking {
  readonly open: (model: Model) => Promise<EmbeddingModel>
  readonly signal?: AbortSignal | undefined
}

/** So many stored texts are embedded anew. */
export const sampleSize = 16
/** The stored vector of a text and a new one of the same model are at least so alike, whatever the precision in between. */
const leastAlike = 0.99

/** Whether the model makes the vectors that are stored. */
export async function verify(
  db: Queryable,
  place: Place,
  spec: ModelSpec,
  { open, unverified, signal }: Asking & { readonly unverified: boolean },
): Promise<boolean> {
  const stored = await sampleRows(db, place, sampleSize)
  if (stored.length === 0) return false
  let likeness: number
  try {
    likeness = await likenessOf(stored, spec, { open, signal })
  } catch (error) {
    if (unverified && !signal?.aborted) return false
    throw unproven(spec, place, error instanceof Error ? error.message : String(error), error)
  }
  if (likeness >= leastAlike) return true
  if (unverified) return false
  throw unproven(
    spec,
    place,
    `its vectors of ${stored.length} stored texts are ${likeness.toFixed(2)} alike to the stored ones, and at least ${leastAlike} was expected.`,
  )
}

/** Of the middle text: the cosine of the stored vector and a new one, which is cut to the stored one's width. */
async function likenessOf(
  stored: Awaited<ReturnType<typeof sampleRows>>,
  spec: ModelSpec,
  { open, signal }: Asking,
): Promise<number> {
  const model = await open({ ...spec, id: 0, state: 'registered', effort: null, createdAt: new Date() })
  const { vectors } = await model.embed(
    stored.map(({ text }) => text),
    { kind: 'document', signal },
  )
  return middle(
    stored.map(({ vector }, i) => 1 - cosineDistance(vector, (vectors[i] ?? vector).slice(0, vector.length))),
  )
}

function middle(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
}

function unproven({ modelName }: ModelSpec, { table }: Place, why: string, cause?: unknown): RevectorError {
  return new RevectorError(
    'MODEL_UNPROVEN',
    `It is not proved that "${modelName}" made the vectors of ${table.schema}.${table.name}: ${why}`,
    {
      hint: 'Name the model that made them, make it available (its key, its server), or go on without proof: --unverified.',
      data: { model: modelName, table: table.name },
      cause,
    },
  )
}

/** Whether the stored vectors are the beginnings of longer ones of the model; false if it can't be asked. */
async function areShortened(db: Queryable, spec: ModelSpec, place: Place, request: Asking): Promise<boolean> {
  if (spec.dimension <= place.vectors.dimension) return false
  const stored = await sampleRows(db, place, sampleSize)
  if (stored.length === 0) return false
  return (await likenessOf(stored, spec, request).catch(() => 0)) >= leastAlike
}

export async function otherDimension(
  db: Queryable,
  spec: ModelSpec,
  place: Place,
  request: Asking,
): Promise<RevectorError> {
  const { column, dimension } = place.vectors
  const shortened = await areShortened(db, spec, place, request)
  return new RevectorError(
    'MODEL_DIMENSION_CONFLICT',
    shortened
      ? `${column} holds the first ${dimension} numbers of the vectors of "${spec.modelName}", which makes ${spec.dimension}.`
      : `Model exists with different dimension: "${spec.modelName}" makes ${spec.dimension}, ${column} holds ${dimension}.`,
    {
      hint: shortened
        ? `Name a model that makes them so: a server that shortens them, or one of your own in \`models\` that cuts its vectors to ${dimension} numbers.`
        : `Name the model that made the vectors of ${dimension} dimensions.`,
      data: { model: spec.modelName, registered: spec.dimension, requested: dimension, shortened },
    },
  )
}
