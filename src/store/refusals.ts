import { RevectorError } from '../core/errors.ts'

/**
 * The tables of an adopted database may require values that Revector cannot know. PostgreSQL's error is turned
 * into a sentence about the owner's column.
 *
 * @throws RevectorError INVALID_INPUT that names the column, or what `write` threw
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
    `The column ${column} of ${table} is required and has no default, and Revector has no value for it.`,
    {
      hint: `Set a default: alter table ${table} alter column ${column} set default …`,
      data: { table, column, sqlstate },
      cause: error,
    },
  )
}
