import type { Revector } from '../../revector.ts'
import { documentShape, fillShape, storedDocumentShape } from '../../wire.ts'
import * as contract from '../contract/documents.ts'
import { signalOf } from '../disconnect.ts'
import { type App, routeOf } from '../route.ts'

export async function documentRoutes(app: App, { revector }: { readonly revector: Revector }): Promise<void> {
  const { documents, ingestion } = revector

  app.route({
    ...routeOf(contract.listDocuments),
    handler: async ({ query: { limit, after } }) => {
      const page = await documents.list({ limit, ...(after === undefined ? {} : { after }) })
      return { documents: page.documents.map(documentShape), next: page.next }
    },
  })

  app.route({
    ...routeOf(contract.getDocument),
    handler: async ({ params }) => storedDocumentShape(await documents.get(params.id)),
  })

  app.route({
    ...routeOf(contract.removeDocument),
    handler: async ({ params }, reply) => {
      await documents.remove(params.id)
      reply.code(204)
    },
  })

  app.route({
    ...routeOf(contract.embedDocument),
    handler: async ({ params, query }, reply) =>
      fillShape(
        await ingestion.updateDocumentEmbeddings({
          documentId: params.id,
          modelName: query.model,
          signal: signalOf(reply),
        }),
      ),
  })
}
