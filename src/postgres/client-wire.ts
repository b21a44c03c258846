import type { Client, ClientBase } from 'pg'

/** `pg` would send PGOPTIONS along when it connects, which poolers refuse; they are set after connecting. */
export function withoutOptions(client: Client): void {
  const parameters: unknown = Reflect.get(client, 'connectionParameters')
  if (typeof parameters === 'object' && parameters !== null) Reflect.set(parameters, 'options', undefined)
}

/** Ends the connection at once, without a word to the server, which may not be listening. */
export function cutConnection(client: ClientBase, error?: Error): void {
  const { connection } = client as Client
  connection.stream.destroy(error)
}
