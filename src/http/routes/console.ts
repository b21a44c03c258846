import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { extname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import type { App } from '../route.ts'

/** What a build of the console consists of, by the end of its name. */
const mediaTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
  '.md': 'text/plain; charset=utf-8',
}

/** Where the build puts the console: beside the compiled sources, wherever this runs from. */
export function consoleFolder(): string {
  const beside = new URL('../../console/', import.meta.url).href
  return fileURLToPath(
    import.meta.url.endsWith('.ts') ? beside.replace(/\/src\/console\/$/, '/dist/console/') : beside,
  )
}

/**
 * The console at `/`. Its files are read once and each is a route of its own: no request names a file of this machine.
 * Without a build of it there is nothing at `/`.
 */
export async function consoleRoutes(app: App, { folder }: { readonly folder: string }): Promise<void> {
  if (!existsSync(join(folder, 'index.html'))) return
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const mediaType = mediaTypes[extname(entry.name)]
    if (!entry.isFile() || mediaType === undefined) continue
    const file = join(entry.parentPath, entry.name)
    const path = `/${relative(folder, file).split(sep).join('/')}`
    addFile(app, { path: path === '/index.html' ? '/' : path, mediaType, content: readFileSync(file) })
  }
}

interface StaticFile {
  readonly path: string
  readonly mediaType: string
  readonly content: Buffer
}

function addFile(app: App, { path, mediaType, content }: StaticFile): void {
  const zipped = /^(text|image)\//.test(mediaType) ? gzipSync(content, { level: 9 }) : null
  // The name of an asset holds a hash of what is in it.
  const caching = path.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache'
  app.get(path, { config: { scope: null } }, async ({ headers }, reply) => {
    const vary = [reply.getHeader('vary'), 'accept-encoding'].filter(Boolean).join(', ')
    reply.type(mediaType).headers({ 'cache-control': caching, vary })
    if (zipped === null || !/\bgzip\b/.test(headers['accept-encoding'] ?? '')) return reply.send(content)
    return reply.header('content-encoding', 'gzip').send(zipped)
  })
}
