// A real server and databases on it that are thrown away afterwards.
import { spawnSync } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pg from 'pg'

const script = join(dirname(fileURLToPath(import.meta.url)), '..', 'scripts', 'postgres.sh')

/** DATABASE_URL, else the throw-away server, started when it is not running; `stop` ends what was started here. */
export function benchServer() {
  if (process.env.DATABASE_URL) return { url: process.env.DATABASE_URL, stop() {} }
  const running = shell('url')
  if (running.status === 0) return { url: running.stdout.trim(), stop() {} }
  const started = shell('start')
  if (started.status !== 0) throw new Error(`No server to measure on: ${started.stderr}`)
  return { url: started.stdout.trim(), stop: () => shell('stop') }
}

const shell = (command) =>
  spawnSync(script, [command], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })

let databases = 0

/** Runs `work(url)` on a new database, empty or a copy of `template`, and drops it. */
export async function withDatabase(serverUrl, work, { template } = {}) {
  const name = `revector_bench_${process.pid}_${++databases}`
  await once(serverUrl, `create database ${name}${template === undefined ? '' : ` template ${template}`}`)
  const url = new URL(serverUrl)
  url.pathname = `/${name}`
  try {
    await once(url.href, 'create extension if not exists vector')
    return await work(url.href)
  } finally {
    await once(serverUrl, `drop database ${name} with (force)`)
  }
}

export async function once(url, statement) {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query(statement)).rows
  } finally {
    await client.end()
  }
}
