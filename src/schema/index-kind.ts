import { RevectorError } from '../core/errors.ts'
import { maxDimension } from '../core/model.ts'
import { pgvector, pgvectorOperator } from '../postgres/pgvector.ts'
import { ident, raw, type Sql, sql } from '../postgres/sql.ts'
import type { Distance } from '../wire/model.ts'

/** What PostgreSQL must know about a vector space. */
export interface Space {
  readonly dimension: number
  readonly distance: Distance
}

/**
 * How vectors of a space are indexed and searched. pgvector's HNSW holds `vector` up to 2,000 dimensions,
 * `halfvec` up to 4,000 and bits far beyond, so wider columns are indexed through a cast.
 */
export interface IndexKind {
  readonly form: 'vector' | 'halfvec' | 'bit'
  /** The indexed column or expression with its operator class: `(embedding_384) vector_cosine_ops`. */
  indexed(column: Sql): Sql
  /**
   * The expression that a search orders by so that the HNSW index provides the order. `query` is a `vector`.
   */
  approximate(column: Sql, query: Sql): Sql
  /** The model's real distance. `query` is a `vector`. */
  exact(column: Sql, query: Sql): Sql
  /** The order of the HNSW index is by coarser numbers: fetch more and order those by `exact`. */
  readonly rerank: boolean
}

const operators = {
  cosine: { operator: '<=>', opclass: 'cosine_ops' },
  inner_product: { operator: '<#>', opclass: 'ip_ops' },
  l2: { operator: '<->', opclass: 'l2_ops' },
} as const satisfies Record<Distance, { operator: string; opclass: string }>

/**
 * @param form another than the dimension calls for: of an index that an application has made
 * @throws RevectorError DIMENSION_UNSUPPORTED
 */
export function indexKind(space: Space, form?: IndexKind['form']): IndexKind {
  const d = checkedDimension(space.dimension)
  const { operator, opclass } = operators[space.distance]
  const by = pgvectorOperator(operator)
  const exact = (column: Sql, query: Sql): Sql => sql`${column} ${by} ${query}`
  const own = form ?? (d <= 2_000 ? 'vector' : d <= 4_000 ? 'halfvec' : 'bit')
  if (own === 'vector') {
    return {
      form: 'vector',
      indexed: (column) => sql`${column} ${pgvector(`vector_${opclass}`)}`,
      approximate: exact,
      exact,
      rerank: false,
    }
  }
  if (own === 'halfvec') {
    const half = pgvector(`halfvec(${d})`)
    return {
      form: 'halfvec',
      indexed: (column) => sql`(${column}::${half}) ${pgvector(`halfvec_${opclass}`)}`,
      approximate: (column, query) => sql`${column}::${half} ${by} ${query}::${half}`,
      exact,
      rerank: true,
    }
  }
  const quantized = (of: Sql): Sql => sql`${pgvector('binary_quantize')}(${of})::${raw(`bit(${d})`)}`
  return {
    form: 'bit',
    indexed: (column) => sql`(${quantized(column)}) ${pgvector('bit_hamming_ops')}`,
    approximate: (column, query) => sql`${quantized(column)} ${pgvectorOperator('<~>')} ${quantized(query)}`,
    exact,
    rerank: true,
  }
}

/** The distance that an operator class of an existing index measures; null for another type of class. */
export function distanceOf(opclass: string): Distance | null {
  for (const distance of ['cosine', 'inner_product', 'l2'] as const) {
    const { opclass: suffix } = operators[distance]
    if (opclass === `vector_${suffix}` || opclass === `halfvec_${suffix}`) return distance
  }
  return null
}

export function vectorColumnName(dimension: number): string {
  return `embedding_${checkedDimension(dimension)}`
}

/** The column of a dimension, quoted: `"embedding_384"`. */
export function vectorColumn(dimension: number): Sql {
  return ident(vectorColumnName(dimension))
}

/** The type of that column: `vector(384)`. */
export function vectorType(dimension: number): Sql {
  return pgvector(`vector(${checkedDimension(dimension)})`)
}

/** @throws RevectorError DIMENSION_UNSUPPORTED */
export function checkedDimension(dimension: number): number {
  if (Number.isInteger(dimension) && dimension >= 1 && dimension <= maxDimension) return dimension
  throw new RevectorError(
    'DIMENSION_UNSUPPORTED',
    `A dimension must be a whole number from 1 to 16,000, got ${dimension}.`,
    {
      hint: 'Ask the provider for a shorter output, or use another model.',
      data: { dimension, maximum: maxDimension },
    },
  )
}
