import { distanceOf } from '../index-kind.ts'
import type { VectorPlace } from '../layout.ts'
import type { ColumnFacts, IndexFacts, TableFacts } from '../legacy/table-facts.ts'

/** The application's index on a column of vectors, which its searches and Revector's use. */
export function indexedOf(
  table: TableFacts,
  column: ColumnFacts,
  dimension: number,
): Pick<VectorPlace, 'indexed'> {
  const usable = table.indexes
    .filter(({ method, valid, partial }) => ['hnsw', 'ivfflat'].includes(method) && valid && !partial)
    .flatMap((index) => formOf(index, column, dimension))
  const indexed = usable.find(({ distance }) => distance === 'cosine') ?? usable[0]
  return indexed === undefined ? {} : { indexed }
}

function formOf(
  index: IndexFacts,
  column: ColumnFacts,
  dimension: number,
): readonly NonNullable<VectorPlace['indexed']>[] {
  const plain = index.columns[0] === column.name
  if (!plain && !mentions(index, column)) return []
  const distance = distanceOf(index.opclass)
  const cast = index.expression ?? ''
  if (/binary_quantize/.test(cast)) return [{ form: 'bit', distance: distance ?? 'cosine' }]
  if (distance === null) return []
  const half = index.opclass.startsWith('halfvec')
  // Another model's vectors in the same column.
  if (!plain && !cast.includes(`(${dimension})`)) return []
  return [{ form: half ? 'halfvec' : 'vector', distance }]
}

export function mentions({ expression }: IndexFacts, { name }: ColumnFacts): boolean {
  const escaped = name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  return expression !== null && new RegExp(`(^|[^a-z0-9_])"?${escaped}"?([^a-z0-9_]|$)`).test(expression)
}
