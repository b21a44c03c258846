import { counted } from '../core/counted.ts'
import { encode } from '../wire/codec.ts'
import { type DiscoveredColumn, discovered } from '../wire/database.ts'
import type { Context } from './run.ts'
import type { Style } from './text.ts'

export async function discover(context: Context): Promise<undefined> {
  const columns = await context.revector.db.discover()
  const { style } = context.terminal
  context.result(encode(discovered, { columns }), () =>
    columns.length === 0
      ? 'This database has no column of vectors.'
      : columns.map((one) => paragraph(one, style)).join('\n\n'),
  )
}

function paragraph(one: DiscoveredColumn, style: Style): string {
  const { schema, table, column, type, tool, rows, rowSecurity, reason, adopt } = one
  const known = [
    ...(tool === null ? [] : [tool]),
    rows === null ? 'not readable' : counted(rows, 'vector'),
    indexText(one),
    ...(rowSecurity ? ['row level security'] : []),
  ]
  return [
    `${style.bold(`${schema}.${table}.${column}`)}  ${type}${dimensionText(one)}`,
    `  ${known.join(', ')}`,
    ...(one.index?.used === false
      ? ['  The index is on a cast: a search ordered by the column itself can’t use it.']
      : []),
    adopt === null ? `  Can’t be searched where it is: ${reason}.` : `  ${style.cyan(adopt)}`,
  ].join('\n')
}

/** Where the type does not tell. */
function dimensionText({ type, dimension }: DiscoveredColumn): string {
  return dimension === null || type.includes(String(dimension)) ? '' : ` of ${dimension}`
}

function indexText({ index }: DiscoveredColumn): string {
  if (index === null) return 'no index'
  const method = index.method === 'hnsw' ? 'HNSW' : 'IVFFlat'
  return `${index.valid ? method : `invalid ${method}`} index ${index.name}`
}
