import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import type { App } from './route.ts'

/** Where the build puts its files: beside the compiled sources, wherever this runs from. */
export function builtFolder(): string {
  return fileURLToPath(new URL('../', import.meta.url).href.replace(/\/src\/$/, '/dist/'))
}

export interface StaticFile {
  readonly path: string
  readonly mediaType: string
  readonly content: Buffer
}

/** A route for one public file. */
export function addFile(app: App, { path, mediaType, content }: StaticFile): void {
  const zipped = /^(text|image)\//.test(mediaType) ? gzipSync(content, { level: 9 }) : null
  // The name of an asset contains a hash of its content.
  const caching = path.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache'
  app.get(path, { config: { scope: null } }, async ({ headers }, reply) => {
    const vary = [reply.getHeader('vary'), 'accept-encoding'].filter(Boolean).join(', ')
    reply.type(mediaType).headers({ 'cache-control': caching, vary })
    if (zipped === null || !/\bgzip\b/.test(headers['accept-encoding'] ?? '')) return reply.send(content)
    return reply.header('content-encoding', 'gzip').send(zipped)
  })
}
