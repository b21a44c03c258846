import { RevectorError } from '../core/errors.ts'

/**
 * The tables of an adopted database may want values that Revector has no way to know. What Postgres says of
 * them is turned into a sentence about the owner's column.
 *
 * @throws RevectorError INVALID_INPUT naming the column, or what `write` threw
 */
export async function translatingRefusals<T>(write: () => Promise<T>): Promise<T> {
  try {
    return await write()
  } catch (error) {
    throw translated(error)
  }
}

function translated(error: unknown): unknown {
  if (!(error instanceof RevectorError)) return error
  const { sqlstate, table, column } = error.data
  if (sqlstate !== '23502' || typeof table !== 'string' || typeof column !== 'string') return error
  return new RevectorError(
    'INVALID_INPUT',
    `The column ${column} of ${table} must have a value, has no default, and Revector has none to give it.`,
    {
      hint: `Give it a default: alter table ${table} alter column ${column} set default …`,
      data: { table, column, sqlstate },
      cause: error,
    },
  )
}
