import type { Queryable } from '../postgres/database.ts'
import { pgvector } from '../postgres/pgvector.ts'
import { sql } from '../postgres/sql.ts'
import { decodeVector, vectorArray } from '../postgres/vector.ts'

/** A text with the vector that a model made of it when it was first filled. */
export interface StoredCanary {
  readonly text: string
  readonly vector: Float32Array
  readonly madeAt: Date
}

export async function readCanaries(db: Queryable, modelId: number): Promise<readonly StoredCanary[]> {
  const { rows } = await db.query<{ text: string; vector: Buffer; madeAt: Date }>(sql`
    select text, ${pgvector('vector_send')}(vector::${pgvector('vector')}) as vector, made_at as "madeAt"
    from model_canaries where model_id = ${modelId}
    order by text`)
  return rows.map((row) => ({ ...row, vector: decodeVector(row.vector) }))
}

/** Existing canaries are kept: later vectors are compared with them. */
export async function insertCanaries(
  db: Queryable,
  modelId: number,
  canaries: readonly { readonly text: string; readonly vector: Float32Array }[],
): Promise<void> {
  if (canaries.length === 0) return
  await db.query(sql`
    insert into model_canaries (model_id, text, vector)
    select ${modelId}, u.text, u.vector::real[]
    from unnest(
      ${canaries.map((canary) => canary.text)}::text[],
      ${vectorArray(canaries.map((canary) => canary.vector))}::${pgvector('vector')}[]
    ) as u (text, vector)
    on conflict (model_id, text) do nothing`)
}
