import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

/** Keeps a proxy's id, so that its log and ours can be matched; otherwise makes one. */
export function requestId({ headers }: Pick<IncomingMessage, 'headers'>): string {
  const given = headers['x-request-id']
  return typeof given === 'string' && /^[\w.:-]{1,100}$/.test(given) ? given : randomUUID()
}
