import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Revector } from '../library/revector.ts'

export interface Answered {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  /** As in JSON: it is stored and sent as it is. */
  readonly body: unknown
}

/**
 * Does the work; with an `Idempotency-Key`, returns the same answer to the same request without doing it again.
 * `parts` identify the request, besides method and address.
 *
 * @throws RevectorError IDEMPOTENCY_CONFLICT
 */
export async function answerOnce(
  { idempotency }: Pick<Revector, 'idempotency'>,
  { request, parts }: { readonly request: FastifyRequest; readonly parts: readonly string[] },
  work: () => Promise<Answered>,
): Promise<Answered> {
  const key = request.headers['idempotency-key']
  if (typeof key !== 'string') return work()
  const identity = {
    owner: request.caller.keyId ?? '',
    key,
    request: [request.method, request.url, ...parts],
  }
  const { replayed, ...answer } = await idempotency.once(identity, work)
  if (!replayed) return answer
  return { ...answer, headers: { ...answer.headers, 'idempotency-replayed': 'true' } }
}

export function send(reply: FastifyReply, { status, headers = {}, body }: Answered): FastifyReply {
  return reply
    .code(status)
    .headers(headers)
    .type('application/json; charset=utf-8')
    .serializer(JSON.stringify)
    .send(body)
}
