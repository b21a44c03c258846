import * as z from 'zod'

/** What PostgreSQL keeps of a name. */
const maxBytes = 63

/** The name of a schema: any that PostgreSQL takes, as it is written; it is always quoted. */
export const schemaOption = z
  .string()
  .superRefine((name, check) => {
    const why = refusal(name)
    if (why !== null) check.addIssue({ code: 'custom', message: why })
  })
  .optional()
  .describe(
    'Schema of the database in which everything lies that Revector makes, and the only one in which it looks for its tables; a `search_path` of the connection has no effect then. `db init` and `db run` create it. If not set: the first schema of the search path.',
  )

function refusal(name: string): string | null {
  const got = `got ${JSON.stringify(name)}`
  const bytes = Buffer.byteLength(name)
  if (bytes === 0 || bytes > maxBytes || name.includes('\0')) {
    return `expected the name of a schema, 1 to ${maxBytes} bytes long, ${got}`
  }
  if (name.startsWith('pg_') || name === 'information_schema') {
    return `expected a schema that is not PostgreSQL’s own (pg_…, information_schema), ${got}`
  }
  return null
}
