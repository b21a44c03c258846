import type { Client } from 'pg'
import { cutConnection } from './client-wire.ts'

/** How long the other connection may take for all of it. */
const patienceMs = 3_000

/** Statements whose first so many characters are the same count as one: the server may show no more of them. */
const compared = 200

/**
 * Whether the server still works on what `client` asked, asked by `other`, which connects for it and is closed. A server that
 * answers anything, even that it has no room, is not silent. A pooler makes up the process ids that clients are told, and
 * answers for itself; there, a backend of this user that runs such a statement is looked for.
 */
export async function isWorking(
  client: Client,
  other: Client,
  { text, pooled }: { readonly text: string; readonly pooled: boolean },
): Promise<boolean> {
  const timer = setTimeout(() => cutConnection(other), patienceMs)
  try {
    await other.connect()
    const { rows } = await (pooled
      ? other.query<{ working: boolean }>(
          `select bool_or(${isActive}) as working from pg_stat_activity
           where pid <> pg_backend_pid() and usename = current_user and datname = current_database()
             and (state = 'disabled' or strpos(query, left($1, ${compared})) > 0 or starts_with($1, nullif(query, '')))`,
          [text],
        )
      : other.query<{ working: boolean }>(
          `select ${isActive} as working from pg_stat_activity where pid = ${Number(Reflect.get(client, 'processID'))}`,
        ))
    return rows[0]?.working === true
  } catch (error) {
    return error instanceof Error && 'severity' in error
  } finally {
    clearTimeout(timer)
    cutConnection(other)
  }
}

/** Disabled: with `track_activities = off` nothing is known of it. */
const isActive = `(state in ('active', 'disabled') and wait_event is distinct from 'ClientWrite')`
