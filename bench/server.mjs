// A real server and databases on it that are thrown away afterwards.
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir, totalmem } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pg from 'pg'

const script = join(dirname(fileURLToPath(import.meta.url)), '..', 'scripts', 'postgres.sh')

/** DATABASE_URL, else the throw-away server, started when it is not running; `stop` ends what was started here. */
export function benchServer() {
  if (process.env.DATABASE_URL) return { url: process.env.DATABASE_URL, stop() {} }
  const running = shell('url')
  if (running.status === 0) return { url: running.stdout.trim(), stop() {} }
  return { url: startedWith({}), stop: () => shell('stop') }
}

/**
 * DATABASE_URL, else a server of its own with as much memory as the documentation of PostgreSQL advises for a machine of
 * this size, of a version whose pgvector builds in parallel.
 */
export function largeServer() {
  if (process.env.DATABASE_URL) return { url: process.env.DATABASE_URL, stop() {} }
  const dir = mkdtempSync(join(tmpdir(), 'revector-large-'))
  chmodSync(dir, 0o755)
  const gigabytes = totalmem() / 2 ** 30
  const env = {
    REVECTOR_POSTGRES_VERSION: process.env.REVECTOR_POSTGRES_VERSION ?? '18',
    REVECTOR_POSTGRES_DIR: dir,
    REVECTOR_POSTGRES_SETTINGS: [
      `shared_buffers = ${Math.max(1, Math.round(gigabytes / 4))}GB`,
      `effective_cache_size = ${Math.max(2, Math.round((gigabytes * 3) / 4))}GB`,
      'max_wal_size = 16GB',
    ].join('\n'),
  }
  const stop = () => {
    shell('remove', env)
    rmSync(dir, { recursive: true, force: true })
  }
  return { url: startedWith(env), stop }
}

function startedWith(env) {
  const started = shell('start', env)
  if (started.status !== 0) throw new Error(`No server to measure on: ${started.stderr}`)
  return started.stdout.trim()
}

const shell = (command, env = {}) =>
  spawnSync(script, [command], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  })

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
