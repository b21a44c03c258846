// Builds console/ to dist/console, when it is not what is there already. With the console unchanged this costs a hash.
import { copyFileSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { builtConsoleHash, consoleHash, consoleStampFile } from './source-hash.mjs'

export async function buildConsole(root) {
  const wanted = consoleHash(root)
  const made = join(root, 'dist', 'console')
  if (wanted === undefined || (builtConsoleHash(root) === wanted && existsSync(join(made, 'index.html'))))
    return
  rmSync(consoleStampFile(root), { force: true })
  // The caller may be a test, whose environment would make a development build.
  process.env.NODE_ENV = 'production'
  const { build } = await import('vite')
  await build({ configFile: join(root, 'console', 'vite.config.mjs'), logLevel: 'warn' })
  // The typefaces' licence asks to be handed on with them.
  const fonts = join(made, 'assets')
  mkdirSync(fonts, { recursive: true })
  for (const name of ['inter', 'source-serif-4']) {
    copyFileSync(
      join(root, 'node_modules/@fontsource-variable', name, 'LICENSE'),
      join(fonts, `${name}-licence.md`),
    )
  }
  writeFileSync(consoleStampFile(root), wanted)
}
