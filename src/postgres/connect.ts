import type { Database } from './database.ts'
import type { DatabaseOptions } from './database-options.ts'
import { folderAt, isUnused } from './embedded/folder.ts'
import { inMemory, openEmbedded } from './embedded/open.ts'
import { openServer } from './server.ts'

export type { DatabaseOptions } from './database-options.ts'

/**
 * Opens a database, checks versions, and creates the `vector` extension if it is missing and the user may
 * create it.
 *
 * @throws RevectorError DATABASE_UNREACHABLE, DATABASE_AUTHENTICATION_FAILED, DATABASE_MISSING, DATABASE_TOO_OLD,
 *   EXTENSION_MISSING, EXTENSION_TOO_OLD, FOLDER_IN_USE, FOLDER_UNUSABLE, CONFIG_INVALID,
 *   INTERRUPTED
 */
export function connectDatabase(options: DatabaseOptions = {}): Promise<Database> {
  return options.databaseUrl === undefined || options.databaseUrl === ''
    ? openEmbedded(options)
    : openServer(options.databaseUrl, options)
}

/**
 * An empty in-memory database for read-only commands, if `connectDatabase` would first have to create a folder:
 * looking at it must not create one. Null if the database exists.
 */
export async function connectStandIn(options: DatabaseOptions): Promise<Database | null> {
  const { databaseUrl = '', dataDir } = options
  if (databaseUrl !== '' || dataDir === undefined || dataDir === inMemory) return null
  return (await isUnused(folderAt(dataDir))) ? openEmbedded({ ...options, dataDir: inMemory }) : null
}
