import type { Distance } from '../../wire/model.ts'
import { distanceOf } from '../index-kind.ts'
import type { IndexFacts, TableFacts } from './table-facts.ts'

/** An HNSW index of the owner's that can become the model's as it is, and the distance it was built for. */
export interface AdoptableHnswIndex {
  readonly name: string
  readonly definition: string
  /** Null: an index of bits does not tell the distance. */
  readonly distance: Distance | null
}

/**
 * The index must be complete, usable, and on the expression that a search of this dimension orders by
 * (index-kind.ts): the column, its halfvec, or its bits. If there are several, the one with the wanted
 * distance, else the first by name.
 */
export function adoptableHnswIndex(
  table: TableFacts,
  column: string,
  dimension: number,
  wanted: Distance | null,
): AdoptableHnswIndex | null {
  const hnswIndexes = table.indexes
    .filter(
      (index) => index.method === 'hnsw' && index.valid && !index.partial && fits(index, column, dimension),
    )
    .map(({ name, definition, opclass }) => ({ name, definition, distance: distanceOf(opclass) }))
  return hnswIndexes.find((hnswIndex) => hnswIndex.distance === wanted) ?? hnswIndexes[0] ?? null
}

function fits(index: IndexFacts, column: string, dimension: number): boolean {
  if (dimension <= 2_000) {
    return (
      index.columns[0] === column && index.opclass.startsWith('vector_') && distanceOf(index.opclass) !== null
    )
  }
  // As pg_get_expr prints it, with or without the schema of the extension.
  const expression = (index.expression ?? '').replaceAll('"', '')
  const name = column.replaceAll('"', '')
  if (dimension <= 4_000) {
    return (
      new RegExp(`^\\(*${escaped(name)}\\)*::(\\w+\\.)?halfvec\\(${dimension}\\)\\)*$`).test(expression) &&
      distanceOf(index.opclass) !== null
    )
  }
  return (
    index.opclass === 'bit_hamming_ops' &&
    new RegExp(`^\\(*(\\w+\\.)?binary_quantize\\(${escaped(name)}\\)\\)*::bit\\(${dimension}\\)\\)*$`).test(
      expression,
    )
  )
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
