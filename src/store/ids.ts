import { raw, type Sql, sql } from '../postgres/sql.ts'
import type { IdType } from '../schema/layout.ts'

const uuid = /^\{?[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}\}?$/i
const wholeNumber = /^-?[0-9]{1,19}$/
const widths = { smallint: 15n, integer: 31n, bigint: 63n } as const

/**
 * Whether a string from outside can be an id of this type. If not, it identifies nothing: callers treat it as
 * not found, and PostgreSQL never sees it (a failed cast would abort the transaction).
 */
export function isId(type: IdType, id: string): boolean {
  if (type === 'text') return !id.includes('\0')
  if (type === 'uuid') return uuid.test(id)
  if (!wholeNumber.test(id)) return false
  const limit = 1n << widths[type]
  const value = BigInt(id)
  return value >= -limit && value < limit
}

/** One id as a parameter of its type. */
export function idValue(type: IdType, id: string): Sql {
  return sql`${id}::${raw(type)}`
}

/** Ids from the database, as one array parameter of their type. */
export function idArray(type: IdType, ids: readonly string[]): Sql {
  return sql`${ids}::${raw(type)}[]`
}

/** Ids from outside: those that can't be ids are left out. */
export function possibleIdArray(type: IdType, ids: readonly string[]): Sql {
  return idArray(
    type,
    ids.filter((id) => isId(type, id)),
  )
}
