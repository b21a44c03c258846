import type { TableFacts } from '../../wire/database.ts'
import type { Database } from '../database.ts'

/** What a backup records about itself, so that a restore can verify that everything came back. */
export interface Manifest {
  readonly format: 'revector-backup'
  readonly version: 1
  readonly engine: 'embedded' | 'server'
  readonly serverVersion: string
  readonly pgvectorVersion: string
  readonly createdAt: string
  /** The one schema that was backed up; absent: everything in the database. */
  readonly schema?: string
  readonly tables: readonly TableFacts[]
}

/** An SQL comment; also appended to the archive in pg_dump's custom format, where no tool looks. */
export const manifestMark = '-- revector-backup '

export function manifestLine(manifest: Manifest): string {
  return `${manifestMark}${JSON.stringify(manifest)}\n`
}

/** Null if the text holds none that this version understands. */
export function findManifest(text: string): Manifest | null {
  const at = text.lastIndexOf(manifestMark)
  if (at < 0 || (at > 0 && text[at - 1] !== '\n')) return null
  return parseManifest(text.slice(at + manifestMark.length).split('\n', 1)[0] ?? '')
}

export function parseManifest(json: string): Manifest | null {
  try {
    const value: unknown = JSON.parse(json)
    if (typeof value !== 'object' || value === null) return null
    const { format, version, tables } = value as Partial<Manifest>
    return format === 'revector-backup' && version === 1 && Array.isArray(tables) ? (value as Manifest) : null
  } catch {
    return null
  }
}

export function manifestOf(
  database: Database,
  tables: readonly TableFacts[],
  schema: string | null,
): Manifest {
  return {
    format: 'revector-backup',
    version: 1,
    engine: database.engine,
    serverVersion: database.serverVersion,
    pgvectorVersion: database.pgvectorVersion,
    createdAt: new Date().toISOString(),
    ...(schema === null ? {} : { schema }),
    tables,
  }
}
