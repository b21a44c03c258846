import type { FastifyRequest } from 'fastify'
import { snakeCase } from '../wire/codec.ts'
import type { HttpDeps } from './deps.ts'
import type { App } from './route.ts'

/**
 * Every request that changes something gets an audit entry before it is processed; without one it is not. The
 * status is added with the reply, even if the client has disconnected.
 */
export function auditChanges(
  app: App,
  { revector: { audit }, log, redactor }: Pick<HttpDeps, 'revector' | 'log' | 'redactor'>,
): void {
  const entries = new WeakMap<FastifyRequest, string>()
  app.addHook('preHandler', async (request) => {
    const { scope, operation } = request.routeOptions.config
    if (scope == null || scope === 'read' || request.method === 'GET' || request.method === 'HEAD') return
    const { caller, id, params, body } = request
    const said = { ...plainFields(params), ...plainFields(body) }
    entries.set(
      request,
      await audit.begin({
        actor: caller.name,
        action: operation?.id ?? `${request.method} ${request.routeOptions.url ?? ''}`,
        subject: subjectOf(params, said),
        requestId: id,
        data: redactor.value(said) as Record<string, unknown>,
      }),
    )
  })
  app.addHook('onSend', async (request, reply) => {
    const entry = entries.get(request)
    if (entry === undefined || !entries.delete(request)) return
    await audit.end(entry, reply.statusCode).catch((error: unknown) => {
      log.error('An audit entry could not be closed.', { request: request.id, entry, error })
    })
  })
}

const longest = 200

/** Short values that describe the request, by their JSON names; never the text of a document. */
function plainFields(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return {}
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, item]) =>
      key !== 'content' &&
      (typeof item === 'number' ||
        typeof item === 'boolean' ||
        (typeof item === 'string' && item.length <= longest))
        ? [[snakeCase(key), item]]
        : [],
    ),
  )
}

function subjectOf(params: unknown, said: Readonly<Record<string, unknown>>): string {
  const [first] = Object.values(plainFields(params))
  const subject =
    first ?? said['model_name'] ?? said['model'] ?? said['target_model'] ?? said['source'] ?? said['title']
  return subject === undefined ? '' : String(subject)
}
