import type { Client, ClientBase } from 'pg'

/** Whether a pooler is between us and the server, and how long it leaves us a backend: for good, or for one transaction. */
export type Pooling = 'none' | 'session' | 'transaction'

const looks = 5

/**
 * A pooler makes up the process id that a new connection is told. One that pools transactions gives the backend that was
 * just used to the next one that asks, so two connections of ours meet on one backend; on a busy pooler perhaps not at once.
 */
export async function poolingOf(client: ClientBase, connect: () => Promise<Client>): Promise<Pooling> {
  const first = await backendOf(client)
  if (first === Reflect.get(client, 'processID')) return 'none'
  const other = await connect()
  try {
    for (let look = 0; look < looks; look += 1) {
      const theirs = await backendOf(other)
      const ours = await backendOf(client)
      if (ours === theirs || ours !== first) return 'transaction'
    }
    return 'session'
  } finally {
    await other.end()
  }
}

async function backendOf(client: ClientBase): Promise<number> {
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid')
  return rows[0]?.pid ?? 0
}
