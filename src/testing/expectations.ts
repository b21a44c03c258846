import assert from 'node:assert/strict'
import { isRevectorError, type RevectorError } from '../core/errors.ts'
import type { Queryable } from '../postgres/database.ts'
import type { Sql } from '../postgres/sql.ts'

/** The only row. */
export async function one<Row extends object>(db: Queryable, statement: Sql): Promise<Row> {
  const { rows } = await db.query<Row>(statement)
  assert.equal(rows.length, 1)
  const [row] = rows
  assert.ok(row)
  return row
}

/** The error, when it is of this code; anything else is thrown. */
export async function rejects(
  promise: Promise<unknown>,
  code: RevectorError['code'],
): Promise<RevectorError> {
  const error = await promise.then(
    () => new Error('It succeeded.'),
    (reason: unknown) => reason,
  )
  if (isRevectorError(error, code)) return error
  throw error
}

export interface Gate {
  readonly passed: Promise<void>
  open(): void
}

/** A promise opened from outside. */
export function gate(): Gate {
  let open: () => void = () => {}
  const passed = new Promise<void>((resolve) => {
    open = resolve
  })
  return { passed, open: () => open() }
}
