import type { Database } from './database.ts'
import type { DatabaseOptions } from './database-options.ts'
import { openEmbedded } from './embedded/open.ts'
import { openServer } from './server.ts'

export type { DatabaseOptions } from './database-options.ts'

/**
 * Opens a database, checks versions, and creates the `vector` extension where it is missing and may be created.
 *
 * @throws RevectorError DATABASE_UNREACHABLE, DATABASE_AUTHENTICATION_FAILED, DATABASE_MISSING, DATABASE_TOO_OLD,
 *   EXTENSION_MISSING, EXTENSION_TOO_OLD, FOLDER_IN_USE, FOLDER_UNUSABLE, CONFIG_INVALID
 */
export function connectDatabase(options: DatabaseOptions = {}): Promise<Database> {
  return options.databaseUrl === undefined || options.databaseUrl === ''
    ? openEmbedded(options)
    : openServer(options.databaseUrl, options)
}
