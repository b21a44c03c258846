import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { operations } from '../contract/operations.ts'
import { openApi } from '../openapi.ts'
import type { App } from '../route.ts'
import { addFile, builtFolder } from '../static-file.ts'

/** The reference. The page is docs/reference/http.md as the build renders it (scripts/docs/page.mjs). */
export async function referenceRoutes(app: App, { version }: { readonly version: string }): Promise<void> {
  const document = JSON.stringify(openApi(operations, version))
  app.get('/openapi.json', async (_request, reply) => reply.type('application/json').send(document))
  const file = (name: string): string => join(builtFolder(), 'http', name)
  if (!existsSync(file('reference.html'))) return
  const page = { path: '/docs', mediaType: 'text/html; charset=utf-8' }
  const style = { path: '/docs/style.css', mediaType: 'text/css; charset=utf-8' }
  addFile(app, { ...page, content: readFileSync(file('reference.html')) })
  addFile(app, { ...style, content: readFileSync(file('reference.css')) })
}
