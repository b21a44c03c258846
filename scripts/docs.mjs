// npm run docs: writes the pages of docs/reference/ that are made from the code. With --check nothing is written;
// the exit code says whether a page is out of date, which is what test/docs/reference.test.ts asks.
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as z from 'zod'
import { cliPage } from './docs/cli.mjs'
import { configurationPage } from './docs/configuration.mjs'
import { errorsPage } from './docs/errors.mjs'
import { httpPage } from './docs/http.mjs'
import { libraryPage } from './docs/library.mjs'
import { modelsPage } from './docs/models.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const reference = join(root, 'docs', 'reference')

const { errorCatalogue } = await import('../dist/core/errors.js')
const { environmentNames, keyNames, optionsSchema } = await import('../dist/config/config.js')
const { knownModels, setupModels } = await import('../dist/embedding/catalogue.js')
const { openApi } = await import('../dist/http/openapi.js')
const { operations } = await import('../dist/http/contract/operations.js')
const { version } = await import('../dist/cli/version.js')
const { main } = await import('../dist/cli/main.js')

const pages = {
  'errors.md': errorsPage(errorCatalogue),
  'configuration.md': configurationPage(
    z.toJSONSchema(optionsSchema, { io: 'input' }),
    environmentNames,
    keyNames,
  ),
  'models.md': modelsPage(knownModels, setupModels),
  'library.md': await libraryPage(join(root, 'src'), join(root, 'dist')),
  'http.md': httpPage(openApi(operations, version())),
  'cli.md': await cliPage(help),
}
for (const [name, text] of Object.entries(pages)) {
  const file = join(reference, name)
  if (!process.argv.includes('--check')) writeFileSync(file, text)
  else if (readFileSync(file, 'utf8') !== text) {
    console.error(`docs/reference/${name} is not what the code says: run npm run docs`)
    process.exitCode = 1
  }
}

async function help(...names) {
  const write = process.stdout.write
  // As wide as into a pipe, wherever this runs.
  process.stdout.columns = 100
  process.stdout.setMaxListeners(0)
  process.stderr.setMaxListeners(0)
  let text = ''
  process.stdout.write = (chunk) => {
    text += chunk
    return true
  }
  try {
    await main(['--no-color', ...names, '--help'])
  } finally {
    process.stdout.write = write
  }
  return text
}
