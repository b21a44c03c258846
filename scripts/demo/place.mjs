// Where the demo runs: a folder or a database of its own, gone afterwards unless it is to be kept.
import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'

export const usage = `npm run demo -- [--keep DIR] [--database-url URL] [--no-color]

  --keep DIR           run in this folder and leave it, to go on with afterwards
  --database-url URL   run on this PostgreSQL server, in a database made for it and dropped afterwards
  --no-color           no colours
`

export function readArguments() {
  const { values } = parseArgs({
    options: {
      keep: { type: 'string' },
      'database-url': { type: 'string' },
      'no-color': { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  })
  if (values.keep !== undefined && values['database-url'] !== undefined) {
    throw new Error('--keep is for the embedded engine; a database on a server is always dropped.')
  }
  return { keep: values.keep, databaseUrl: values['database-url'], help: values.help === true }
}

/** Options for `createRevector`, what to call the place, and how to clear it away. */
export async function openPlace({ keep, databaseUrl }) {
  if (databaseUrl !== undefined) return openDatabase(databaseUrl)
  if (keep !== undefined) {
    const dataDir = resolve(keep)
    mkdirSync(dataDir, { recursive: true })
    if (readdirSync(dataDir).length > 0) throw new Error(`${dataDir} is not empty: name a new folder.`)
    return { options: { dataDir }, name: `embedded PostgreSQL in ${keep}`, async clear() {} }
  }
  const folder = mkdtempSync(join(tmpdir(), 'revector-demo-'))
  return {
    options: { dataDir: join(folder, 'data') },
    name: 'embedded PostgreSQL in a temporary folder',
    async clear() {
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function openDatabase(databaseUrl) {
  const { default: pg } = await import('pg')
  const name = `revector_demo_${randomBytes(4).toString('hex')}`
  const run = async (statement) => {
    const client = new pg.Client({ connectionString: databaseUrl })
    await client.connect()
    try {
      await client.query(statement)
    } finally {
      await client.end()
    }
  }
  await run(`create database ${name}`)
  const url = new URL(databaseUrl)
  url.pathname = `/${name}`
  return {
    options: { databaseUrl: url.href },
    name: `a database of its own on ${url.host}`,
    clear: () => run(`drop database if exists ${name} with (force)`),
  }
}
