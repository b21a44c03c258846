import { shortName } from '../catalog.ts'
import type { Discovered } from './discover.ts'
import { idDefault, integerTypes, neutralDefault, unfilled } from './mapping.ts'
import type { AddedDefault } from './record.ts'
import { columnOf, spoken, type TableFacts } from './table-facts.ts'

/**
 * Ingest adds rows to the owner's tables and only knows the columns it needs. Other required columns without a
 * default get a neutral one; if there is none, a warning says who must act.
 */
export function missingDefaults(
  found: Discovered,
  filled: { readonly documents: readonly string[]; readonly chunks: readonly string[] },
  modelId: number | null,
): { readonly defaults: AddedDefault[]; readonly warnings: string[] } {
  const defaults: AddedDefault[] = []
  const warnings: string[] = []
  const visit = (table: TableFacts, id: string, known: readonly string[]): void => {
    for (const column of unfilled(table, [...known, id])) {
      const expression = neutralDefault(table, column)
      if (expression === null) {
        warnings.push(
          `Ingest can't add rows to ${spoken(table.name)}: "${column.name}" is required and has no default, and there is no neutral value for it. Set one: alter table ${spoken(table.name)} alter column ${column.name} set default ….`,
        )
      } else {
        defaults.push({ table: table.name, column: column.name, expression, previous: null, sequence: null })
      }
    }
    const made = idDefaultOf(table, id)
    if (made === 'unfit') {
      warnings.push(`Ingest can't add rows to ${spoken(table.name)}: "${id}" has no default. Set one.`)
    } else if (made !== null) defaults.push(made)
  }
  visit(found.embeddings, 'id', ['chunk_id', 'model_id', found.vector.name])
  visit(found.chunks, found.chunkId, filled.chunks)
  if (found.documents !== null) visit(found.documents.table, found.documents.id, filled.documents)

  const own = columnOf(found.embeddings, 'model_id')
  if (own !== undefined && modelId !== null && own.default !== String(modelId)) {
    defaults.push({
      table: found.embeddings.name,
      column: 'model_id',
      expression: String(modelId),
      previous: own.default,
      sequence: null,
    })
  }
  return { defaults, warnings }
}

/**
 * A default for an id that the application used to provide; null: it has one already, or the adoption adds it.
 */
function idDefaultOf(table: TableFacts, id: string): AddedDefault | 'unfit' | null {
  const column = columnOf(table, id)
  if (column === undefined || column.default !== null || column.identity !== '' || column.generated)
    return null
  const base = { table: table.name, column: id, previous: null }
  if (integerTypes.includes(column.baseType)) {
    const sequence = shortName(`revector_${table.name.name}_${id}_seq`)
    return { ...base, expression: '', sequence }
  }
  const expression = idDefault(column)
  return expression === null ? 'unfit' : { ...base, expression, sequence: null }
}
