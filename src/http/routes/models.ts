import { RevectorError } from '../../core/errors.ts'
import type { ModelStatus } from '../../library/revector.ts'
import * as contract from '../contract/models.ts'
import type { HttpDeps } from '../deps.ts'
import { type App, routeOf } from '../route.ts'

export async function modelRoutes(app: App, deps: Pick<HttpDeps, 'revector' | 'options'>): Promise<void> {
  const { models } = deps.revector

  app.route({ ...routeOf(contract.listModels), handler: async () => ({ models: await models.list() }) })

  app.route({
    ...routeOf(contract.searchableModels),
    handler: async () => {
      const ready = (await models.list()).filter((model) => model.embeddings > 0 && model.state !== 'retired')
      return { models: ready.sort(currentFirst) }
    },
  })

  app.route({
    ...routeOf(contract.addModel),
    handler: async (request, reply) => {
      refuseUnknownUrl(request.body.baseUrl, deps.options.modelUrls)
      const model = await models.add(request.body)
      reply.code(201)
      return model
    },
  })

  app.route({
    ...routeOf(contract.useModel),
    handler: async ({ body }) => models.use(body.model, { force: body.force }),
  })

  app.route({
    ...routeOf(contract.removeModel),
    handler: ({ params, query }) => models.remove(params.modelName, { force: query.force }),
  })

  app.route({
    ...routeOf(contract.sampleVectors),
    handler: async ({ params, query }) => {
      const { modelName } = params
      const { dimension, chunks } = await models.sample(modelName, { limit: query.limit })
      return { modelName, dimension, chunks, vectors: packed(chunks.map((chunk) => chunk.vector)) }
    },
  })
}

/** Little-endian on every machine, one vector after the other, as base64. */
function packed(vectors: readonly Float32Array[]): string {
  const bytes = Buffer.allocUnsafe(4 * vectors.reduce((length, vector) => length + vector.length, 0))
  let at = 0
  for (const vector of vectors) for (const number of vector) at = bytes.writeFloatLE(number, at)
  return bytes.toString('base64')
}

function currentFirst(a: ModelStatus, b: ModelStatus): number {
  return Number(b.current) - Number(a.current)
}

/** A key of the service must not give access to its network. @throws RevectorError INVALID_INPUT */
function refuseUnknownUrl(url: string | undefined, allowed: readonly string[]): void {
  if (url === undefined || allowed.some((one) => covers(new URL(one), new URL(url)))) return
  throw new RevectorError('INVALID_INPUT', `The base_url ${url} is not allowed by the operator.`, {
    hint: 'Add it to `serve.modelUrls`, or register the model with `revector models add`.',
    data: { field: 'base_url' },
  })
}

function covers(allowed: URL, asked: URL): boolean {
  if (allowed.origin !== asked.origin || asked.username !== '' || asked.password !== '') return false
  // A slash that only the server decodes as one could lead out of the folder.
  if (/%2f|%5c/i.test(asked.pathname)) return false
  const folder = allowed.pathname.replace(/\/?$/, '/')
  return asked.pathname.replace(/\/?$/, '/').startsWith(folder)
}
