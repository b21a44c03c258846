import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Revector } from '../revector.ts'

export interface Answered {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body: unknown
}

/**
 * Answers, and under an `Idempotency-Key` answers the same to the same request without doing anything again.
 *
 * @throws RevectorError IDEMPOTENCY_CONFLICT
 */
export async function answerOnce(
  { idempotency }: Pick<Revector, 'idempotency'>,
  {
    request,
    reply,
    parts,
  }: { readonly request: FastifyRequest; readonly reply: FastifyReply; readonly parts: readonly string[] },
  work: () => Promise<Answered>,
): Promise<FastifyReply> {
  const key = request.headers['idempotency-key']
  if (typeof key !== 'string') return send(reply, await work())
  const identity = {
    owner: request.caller.keyId ?? '',
    key,
    request: [request.method, request.url, ...parts],
  }
  const answer = await idempotency.once(identity, work)
  if (answer.replayed) reply.header('idempotency-replayed', 'true')
  return send(reply, answer)
}

function send(reply: FastifyReply, { status, headers = {}, body }: Answered): FastifyReply {
  return reply.code(status).headers(headers).send(body)
}
