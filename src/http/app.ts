import Fastify, { type FastifyReply, type FastifyRequest } from 'fastify'
import type { Revector } from '../library/revector.ts'
import { admit } from './admit.ts'
import { auditChanges } from './audit.ts'
import { authenticate } from './auth.ts'
import { answerClientError } from './client-error.ts'
import { createPlaces } from './concurrency.ts'
import type { HttpDeps } from './deps.ts'
import { watchEnds } from './ended.ts'
import { secureHeaders } from './headers.ts'
import { parseJsonBody } from './json-body.ts'
import { refuseUnderPressure } from './limits.ts'
import { observe } from './observe.ts'
import { asRefusable, problemType, refusalOf } from './problem.ts'
import { requestId } from './request-id.ts'
import type { App } from './route.ts'
import { consoleFolder, consoleRoutes } from './routes/console.ts'
import { documentRoutes } from './routes/documents.ts'
import { healthRoutes } from './routes/health.ts'
import { migrationRoutes } from './routes/migrations.ts'
import { modelRoutes } from './routes/models.ts'
import { queryRoutes } from './routes/query.ts'
import { referenceRoutes } from './routes/reference.ts'
import { searchRoutes } from './routes/search.ts'
import { serviceRoutes } from './routes/service.ts'
import { serializerCompiler } from './serializer.ts'
import { prepareStop } from './stopping.ts'
import { unknownAddress } from './unknown-address.ts'
import { validatorCompiler } from './validation.ts'

/** What the application is made of. */
export interface AppDeps extends Omit<HttpDeps, 'metrics' | 'streams'> {
  /** Further routes, with the instrumented library. */
  readonly extend?: (app: App, deps: { readonly revector: Revector }) => Promise<void>
  /** Makes replies that violate the contract errors: for tests. */
  readonly checkAnswers?: boolean
}

/** The HTTP application. Does not listen: see serve.ts. */
export async function createApp(given: AppDeps): Promise<App> {
  const { options, log, redactor, checkAnswers = false } = given
  const app: App = Fastify({
    logger: false,
    bodyLimit: options.maxBodyBytes,
    requestTimeout: options.requestTimeoutMs,
    genReqId: requestId,
    routerOptions: { maxParamLength: 1_500 },
    clientErrorHandler: answerClientError,
    frameworkErrors: (error, request, reply) => {
      void refuse(error, request as FastifyRequest, reply as FastifyReply)
    },
  })
  app.setValidatorCompiler(validatorCompiler)
  app.setSerializerCompiler(serializerCompiler(checkAnswers))
  app.removeContentTypeParser(['application/json', 'text/plain'])
  app.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer' },
    async (_request: unknown, body: Buffer) => parseJsonBody(body),
  )
  app.setErrorHandler(refuse)

  async function refuse(thrown: unknown, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const error = asRefusable(thrown)
    const { status, headers, body } = refusalOf(error, { requestId: request.id, redactor })
    if (status >= 500) log.error(error.message, { request: request.id, error: thrown })
    await reply
      .code(status)
      .headers({ ...headers, 'x-request-id': request.id })
      .type(problemType)
      .serializer((value: unknown) => JSON.stringify(value))
      .send(body)
  }

  prepareStop(app)
  watchEnds(app)
  const streams = createPlaces(options.maxStreams, 'event streams')
  const deps = { ...given, ...observe(app, given), streams }
  await secureHeaders(app, options)
  admit(app, options)
  await refuseUnderPressure(app, options)
  await authenticate(app, deps)
  auditChanges(app, deps)

  app.setNotFoundHandler(async (request) => {
    throw unknownAddress(app, request)
  })

  await app.register(searchRoutes, deps)
  await app.register(queryRoutes, deps)
  await app.register(modelRoutes, deps)
  await app.register(documentRoutes, deps)
  await app.register(migrationRoutes, deps)
  await app.register(serviceRoutes, deps)
  await app.register(healthRoutes, deps)
  await app.register(referenceRoutes, deps)
  await given.extend?.(app, deps)
  await app.register(consoleRoutes, { folder: consoleFolder() })
  return app
}
