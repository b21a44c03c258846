import { maxDimension } from '../../core/model.ts'
import { listed, refused } from './refusal.ts'
import { type ColumnFacts, columnOf, spoken, type TableFacts } from './table-facts.ts'

/** A table that can be altered and, for the embeddings, attached. */
export function refuseKind(table: TableFacts): void {
  const name = spoken(table.name)
  const data = { table: name }
  if (table.kind !== 'r') {
    const kinds: Record<string, string> = {
      v: 'a view',
      m: 'a materialized view',
      f: 'a foreign table',
      p: 'partitioned',
    }
    throw refused(
      `${name} is ${kinds[table.kind] ?? 'not a plain table'}: expected a plain table.`,
      'Make it a plain table, or specify the table behind it.',
      data,
    )
  }
  if (table.persistence === 't') {
    throw refused(`${name} is a temporary table.`, 'Make it a permanent table.', data)
  }
  if (table.rowSecurity) {
    throw refused(
      `${name} has row-level security, which searches and fills would bypass or fail on.`,
      `If it is not needed, disable it: alter table ${name} disable row level security.`,
      data,
    )
  }
}

export function refuseForeignUse(table: TableFacts): void {
  const name = spoken(table.name)
  if (table.inherits) {
    throw refused(
      `${name} is part of an inheritance tree.`,
      `Remove it from the tree: alter table ${name} no inherit PARENT.`,
      { table: name },
    )
  }
  if (table.typed) {
    throw refused(`${name} is a typed table.`, `Make it a plain table: alter table ${name} not of.`, {
      table: name,
    })
  }
  if (table.transitionTriggers.length > 0) {
    throw refused(
      `${name} has row triggers with transition tables, which a partition may not have: ${listed(table.transitionTriggers)}.`,
      'Make them statement triggers, or drop them.',
      { table: name, triggers: table.transitionTriggers },
    )
  }
  const written = columnOf(table, 'created_at')
  if (written !== undefined && written.category !== 'D') {
    throw refused(
      `${name}.created_at is of type ${written.type}: expected a time.`,
      `Rename it: alter table ${name} rename column created_at to other_created_at.`,
      { table: name, column: 'created_at', type: written.type },
    )
  }
  const taken = table.columns.map((column) => column.name).filter((column) => /^embedding_\d+$/.test(column))
  if (taken.length > 0) {
    throw refused(
      `${name} has columns whose names the new layout needs: ${listed(taken)}.`,
      `Rename them: alter table ${name} rename column ${taken[0]} to other_${taken[0]}.`,
      { table: name, columns: taken },
    )
  }
}

export function vectorOf(table: TableFacts): ColumnFacts {
  const name = spoken(table.name)
  const vectors = table.columns.filter(
    (column) => column.baseType === 'vector' || column.baseType.endsWith('.vector'),
  )
  const found = columnOf(table, 'embedding') ?? (vectors.length === 1 ? vectors[0] : undefined)
  if (found === undefined) {
    throw refused(
      `${name} has no column "embedding"${vectors.length > 1 ? `, and several of type vector: ${listed(vectors.map((column) => column.name))}` : ''}.`,
      `Rename the vector column: alter table ${name} rename column YOURS to embedding.`,
      { table: name, columns: table.columns.map((column) => column.name) },
    )
  }
  if (!vectors.includes(found) || found.domain) {
    throw refused(
      `${name}.${found.name} is of type ${found.type}: expected vector(N).`,
      `Convert it (this rewrites the table): alter table ${name} alter column ${found.name} type vector(N) using ${found.name}::vector(N).`,
      { table: name, column: found.name, type: found.type },
    )
  }
  if (found.generated) {
    throw refused(
      `${name}.${found.name} is a generated column, which cannot be written.`,
      `Make it a plain column: alter table ${name} alter column ${found.name} drop expression.`,
      { table: name, column: found.name },
    )
  }
  return found
}

export function dimensionOf(table: TableFacts, column: ColumnFacts): number {
  const name = spoken(table.name)
  if (column.modifier !== null && column.modifier <= maxDimension) return column.modifier
  throw refused(
    `${name}.${column.name} is a vector without a dimension, so no index can hold it.`,
    `Declare the dimension (this rewrites the table): alter table ${name} alter column ${column.name} type vector(N).`,
    { table: name, column: column.name, type: column.type },
  )
}
