import type { Client } from 'pg'
import { cutConnection } from './client-wire.ts'

/** How long the other connection may take for all of it. */
const patienceMs = 3_000

/**
 * Whether the server still works on what `client` asked, asked by `other`, which connects for it and is closed. A server that
 * answers anything, even that it has no room, is not silent. Behind a pooler nothing more can be known.
 */
export async function isWorking(client: Client, other: Client, pooled: boolean): Promise<boolean> {
  const timer = setTimeout(() => cutConnection(other), patienceMs)
  try {
    await other.connect()
    const { rows } = await other.query<{ working: boolean }>(
      `select state = 'active' and wait_event is distinct from 'ClientWrite' as working
       from pg_stat_activity where pid = ${Number(Reflect.get(client, 'processID'))}`,
    )
    return pooled || rows[0]?.working === true
  } catch (error) {
    return error instanceof Error && 'severity' in error
  } finally {
    clearTimeout(timer)
    cutConnection(other)
  }
}
