import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

/** A proxy's id goes on, so that its log and ours can be laid side by side; otherwise one of our own. */
export function requestId({ headers }: Pick<IncomingMessage, 'headers'>): string {
  const given = headers['x-request-id']
  return typeof given === 'string' && /^[\w.:-]{1,100}$/.test(given) ? given : randomUUID()
}
