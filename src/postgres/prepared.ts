import { createHash } from 'node:crypto'
import type { ClientBase } from 'pg'
import type { QueryResult } from './database.ts'
import type { Pgvector } from './pgvector.ts'
import type { Sql } from './sql.ts'
import { send } from './statement.ts'

/**
 * What a server replies when a prepared statement is no longer valid. A pooler between us and the server may
 * send each statement to another session (26000, 42P05); a column's type may have changed (0A000).
 */
const unusable = new Set(['26000', '42P05', '0A000'])

/** Sends statements that a connection plans once. */
export type SendPrepared = <Row extends object>(
  client: ClientBase,
  statement: Sql,
  pgvector: Pgvector,
) => Promise<QueryResult<Row>>

/**
 * Falls back to plain statements: once if a plan is outdated, permanently if a pooler does not keep prepared
 * statements.
 */
export function createSendPrepared(): SendPrepared {
  let kept = true
  const names = new Map<string, string>()
  const nameOf = (text: string): string => {
    const known = names.get(text)
    if (known !== undefined) return known
    // Only constant texts come here; if not, clearing the cache costs a hash.
    if (names.size >= 1_000) names.clear()
    const name = hashed(text)
    names.set(text, name)
    return name
  }
  return async (client, statement, pgvector) => {
    if (!kept) return send(client, statement, pgvector)
    try {
      return await send(client, statement, pgvector, nameOf(statement.text))
    } catch (error) {
      const code: unknown =
        typeof error === 'object' && error !== null ? Reflect.get(error, 'code') : undefined
      if (typeof code !== 'string' || !unusable.has(code)) throw error
      kept = code === '0A000'
      return send(client, statement, pgvector)
    }
  }
}

/** The same name for the same text in every process: under a pooler another process may have prepared it. */
function hashed(text: string): string {
  return `revector_${createHash('sha1').update(text).digest('base64url')}`
}
