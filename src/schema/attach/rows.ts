import { isRevectorError, RevectorError } from '../../core/errors.ts'
import type { Queryable } from '../../postgres/database.ts'
import { pgvector } from '../../postgres/pgvector.ts'
import { ident, join, raw, sql } from '../../postgres/sql.ts'
import { decodeVector } from '../../postgres/vector.ts'
import { vectorType } from '../index-kind.ts'
import type { Place } from '../layout.ts'
import { tableOf } from '../layout.ts'
import { asVector, widthOf } from './copied.ts'
import { condition } from './expressions.ts'
import { documentOf, keysOfVectors } from './keys.ts'

/** Runs the expressions that were given once, so that a wrong one is said before anything is made. */
export async function checkExpressions(db: Queryable, place: Place): Promise<void> {
  try {
    // A parameter, so that it can't be more than one statement.
    await db.query(sql`
      select ${raw(place.text)}::text, ${raw(place.title)}::text, ${raw(place.source)}::text, ${raw(place.metadata)},
        ${documentOf(place)}
      from ${tableOf(place.table)} where ${condition(place.where)} limit ${1}`)
  } catch (error) {
    const state = isRevectorError(error) ? String(error.data['sqlstate'] ?? '') : ''
    // Class 42 is a statement that is wrong, 22 a value that it can't take.
    if (!/^(42|22)/.test(state) || state === '42501') throw error
    throw new RevectorError(
      'INVALID_INPUT',
      `PostgreSQL can't read ${place.table.schema}.${place.table.name} with these options: ${(error as Error).message}`,
      {
        hint: 'Check --text, --title, --metadata and --where: SQL over the columns of that table.',
        cause: error,
      },
    )
  }
}

export async function countRows(db: Queryable, { table, where }: Place): Promise<number> {
  const { rows } = await db.query<{ count: number }>(sql`
    select count(*)::float8 as count from ${tableOf(table)} where ${condition(where)}`)
  return rows[0]?.count ?? 0
}

/** Vectors of the place's dimension. */
export async function countVectorsAt(db: Queryable, place: Place): Promise<number> {
  const { vectors } = place
  const column = ident(vectors.column)
  const ofTexts = vectors.table.schema === place.table.schema && vectors.table.name === place.table.name
  const { rows } = await db.query<{ count: number }>(sql`
    select count(*)::float8 as count from ${tableOf(vectors.table)}
    where ${column} is not null and ${widthOf(vectors.type === 'halfvec(N)' || vectors.type === 'vector(N)' ? 'vector' : vectors.type, column)} = ${raw(String(vectors.dimension))}
      and ${condition(ofTexts ? place.where : (vectors.where ?? null))}`)
  return rows[0]?.count ?? 0
}

/** Texts that have a vector, from anywhere in the table. */
export async function sampleRows(
  db: Queryable,
  place: Place,
  limit: number,
): Promise<readonly { readonly text: string; readonly vector: Float32Array }[]> {
  const { vectors } = place
  const own = keysOfVectors(place)
  const names = own.map((_, i) => ident(`revector_key_${i}`))
  const columns = place.key?.map(({ column }) => column) ?? [place.id]
  const columnsAs = columns.map((column, i) => sql`${ident(column)} as ${names[i] ?? sql``}`)
  const equal = own.map((column, i) => sql`v.${ident(column)} = c.${names[i] ?? sql``}`)
  const { rows } = await db.query<{ text: string; vector: Buffer }>(sql`
    select text, ${pgvector('vector_send')}(${asVector(vectors.type, raw('vector'))}::${vectorType(vectors.dimension)}) as vector
    from (
      select c.text, v.${ident(vectors.column)} as vector
      from (
        select ${join(columnsAs)}, ${raw(place.text)}::text as text
        from ${tableOf(place.table)} where ${condition(place.where)} limit 10000
      ) c
      join (select * from ${tableOf(vectors.table)} where ${condition(vectors.where ?? null)}) v on ${join(equal, ' and ')}
      where v.${ident(vectors.column)} is not null and btrim(c.text) <> ''
        and ${widthOf(vectors.type, sql`v.${ident(vectors.column)}`)} = ${raw(String(vectors.dimension))}
      order by md5(c.text) limit ${limit}
    ) as sample`)
  return rows.map(({ text, vector }) => ({ text, vector: decodeVector(vector) }))
}
