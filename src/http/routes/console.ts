import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { extname, join, relative, sep } from 'node:path'
import type { App } from '../route.ts'
import { addFile, builtFolder } from '../static-file.ts'

/** Media types of the console's files, by extension. */
const mediaTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
  '.md': 'text/plain; charset=utf-8',
}

export function consoleFolder(): string {
  return join(builtFolder(), 'console')
}

/**
 * The console at `/`. Its files are read once and each has its own route: no request can name a file of this
 * machine. Without a build of the console, there is nothing at `/`.
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
