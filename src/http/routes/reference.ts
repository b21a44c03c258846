import { operations } from '../contract/operations.ts'
import { openApi } from '../openapi.ts'
import { referencePage } from '../reference/page.ts'
import { referenceStyle } from '../reference/style.ts'
import type { App } from '../route.ts'

/** What the service says of itself; made once, when it starts. */
export async function referenceRoutes(app: App, { version }: { readonly version: string }): Promise<void> {
  const document = JSON.stringify(openApi(operations, version))
  const page = referencePage(operations, version)
  app.get('/openapi.json', async (_request, reply) => reply.type('application/json').send(document))
  app.get('/docs', async (_request, reply) => reply.type('text/html; charset=utf-8').send(page))
  app.get('/docs/style.css', async (_request, reply) =>
    reply.type('text/css; charset=utf-8').send(referenceStyle),
  )
}
