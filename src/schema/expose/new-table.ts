import { RevectorError } from '../../core/errors.ts'
import type { TableName } from '../layout.ts'

/**
 * The name of a table that is to be made: `TABLE` or `SCHEMA.TABLE`.
 *
 * @throws RevectorError INVALID_INPUT
 */
export function newTable(table: string, home: string): TableName {
  const dot = table.indexOf('.')
  const [schema, name] = dot < 0 ? [home, table] : [table.slice(0, dot), table.slice(dot + 1)]
  const fits = [schema, name].every(
    (part) => part !== '' && Buffer.byteLength(part) <= 63 && !part.includes('\0'),
  )
  if (fits) return { schema, name }
  throw new RevectorError('INVALID_INPUT', `"${table}" can't be the name of a table.`, {
    hint: 'Write TABLE or SCHEMA.TABLE, each of at most 63 bytes.',
    data: { table },
  })
}

export function taken({ schema, name }: TableName): RevectorError {
  return new RevectorError('UPGRADE_REFUSED', `There is a table ${schema}.${name} already.`, {
    hint: 'Choose another name: --as TABLE.',
    data: { schema, table: name },
  })
}

export function nothingAdopted(): RevectorError {
  return new RevectorError('NOT_FOUND', 'This installation has adopted no table of an application.', {
    hint: 'Name the schema that it was adopted into (--schema NAME), or adopt one: `revector db adopt`.',
  })
}
