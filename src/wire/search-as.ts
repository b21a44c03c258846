import * as z from 'zod'

/**
 * Names of settings: of an application's own, in two parts or more, so that none of PostgreSQL's can be changed by them.
 */
const settingName = z
  .string()
  .max(200)
  .regex(/^[a-z_][\w$]*(\.[a-z_][\w$]*)+$/i, 'expected a name with a dot, as in request.jwt.claims')
  .refine(
    (name) => !/^(revector|hnsw|ivfflat|plpgsql|pg_\w+)\./i.test(name),
    'expected a setting of your own, not one of an extension',
  )

export const searchAs = z
  .strictObject({
    role: z
      .string('expected the name of a role')
      .min(1, 'expected the name of a role')
      .max(63, 'expected the name of a role, at most 63 characters')
      .refine((role) => role.toLowerCase() !== 'none' && !role.includes('\0'), 'expected the name of a role'),
    settings: z
      .record(settingName, z.string('expected a text').max(100_000, 'expected at most 100,000 characters'))
      .default({})
      .describe('Read by policies with `current_setting(name)`, such as `request.jwt.claims`.'),
  })
  .describe(
    'Whose rows are read: the database role and the settings that policies of row level security read.',
  )

/** A role of the database, with settings for one transaction. Row level security decides which rows it sees. */
export interface SearchAs {
  readonly role: string
  /** Names have a dot (`app.tenant`, `request.jwt.claims`); values are texts. Default: none. */
  readonly settings?: Readonly<Record<string, string>>
}
