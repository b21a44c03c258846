import pg from 'pg'
import type { Setting } from './address/settings.ts'
import type { DatabaseOptions } from './database-options.ts'
import { ident } from './sql.ts'

/**
 * `local`: until the end of the transaction, for a pooler that gives the next one another backend and this backend to
 * another client. None of them is a startup parameter: poolers refuse those they do not know.
 */
type Scope = 'session' | 'local'

export function timeouts(
  { statementTimeoutMs = 0, lockTimeoutMs = 0 }: DatabaseOptions,
  scope: Scope,
): string | null {
  const names = { statement_timeout: statementTimeoutMs, lock_timeout: lockTimeoutMs }
  return joined(
    ...Object.entries(names).map(([name, ms]) => (ms > 0 ? `set ${scope} ${name} = ${Math.ceil(ms)}` : null)),
  )
}

/** The configured schema alone takes the place of any search path that the connection string has. */
export function withSchema(settings: readonly Setting[], schema: string | undefined): readonly Setting[] {
  if (schema === undefined) return settings
  const others = settings.filter(([name]) => name.toLowerCase() !== 'search_path')
  return [...others, ['search_path', ident(schema).text]]
}

/** In the order of the connection string. */
export function givenSettings(settings: readonly Setting[], scope: Scope): string | null {
  return joined(
    ...settings.map(([name, value]) => {
      const [theName, theValue] = [name, value].map(pg.escapeLiteral)
      return `select set_config(${theName}, ${theValue}, ${scope === 'local'})`
    }),
  )
}

/** Statements one after the other; null: none. */
export function joined(...settings: readonly (string | null)[]): string | null {
  const present = settings.filter((one) => one !== null)
  return present.length === 0 ? null : present.join('; ')
}
