import type { Database } from '../postgres/database.ts'

/** What keys, audit and repeated requests need. */
export interface AccessDeps {
  readonly db: Database
}
