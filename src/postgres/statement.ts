import type { ClientBase, QueryResult as PgResult } from 'pg'
import type { Queryable, QueryResult } from './database.ts'
import { databaseError, type Place } from './errors.ts'
import { type Pgvector, withSchemaOf } from './pgvector.ts'
import type { Pooling } from './pooling.ts'
import type { Sql } from './sql.ts'
import { encodeVectorArray, vectorsOf } from './vector.ts'

/** What statements need to know about their database. */
export interface DatabaseFacts {
  readonly place: Place
  readonly serverVersion: string
  readonly pgvector: Pgvector
  readonly pooling: Pooling
  /** Statements at the beginning of each transaction; null: the session has its settings. */
  readonly transactionSettings: string | null
  /** Whether a single statement needs these settings too, so that it must be sent in a transaction. */
  readonly singleStatementsToo: boolean
}

/** Sends one statement as it is, prepared under `name` if there is one. @throws what `pg` throws */
export async function send<Row extends object>(
  client: ClientBase,
  statement: Sql,
  pgvector: Pgvector,
  name?: string,
): Promise<QueryResult<Row>> {
  // Without parameters `pg` uses the simple protocol, in which a text may contain several statements.
  const text = withSchemaOf(statement.text, pgvector)
  const result = (await client.query(
    statement.values.length === 0 ? text : { text, values: parameters(statement, pgvector), name },
  )) as PgResult<Row> | PgResult<Row>[]
  const last = Array.isArray(result) ? result.at(-1) : result
  return { rows: last?.rows ?? [], rowCount: last?.rowCount ?? 0 }
}

export function parameters(statement: Sql, { oid }: Pgvector): unknown[] {
  return statement.values.map((value) => {
    const vectors = vectorsOf(value)
    return vectors === undefined ? value : encodeVectorArray(vectors, oid)
  })
}

/** One client as a `Queryable`. */
export function queryableOn(client: ClientBase, context: DatabaseFacts): Queryable {
  return {
    query: async <Row extends object>(statement: Sql) => {
      try {
        return await send<Row>(client, statement, context.pgvector)
      } catch (error) {
        throw databaseError(error, context.place)
      }
    },
  }
}
