import type { AddressInfo } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { errorCatalogue, isRevectorError, RevectorError } from '../core/errors.ts'
import { inTime } from '../core/in-time.ts'
import type { OnProgress } from '../core/progress.ts'
import { type AppDeps, createApp } from './app.ts'
import { refuseOpenToNetwork } from './auth.ts'
import type { HttpDeps } from './deps.ts'
import type { App } from './route.ts'
import { stopListening } from './stopping.ts'

/** A running service. */
export interface Service {
  /** Its URL for a browser. */
  readonly url: string
  /** A failed worker; the service continues without it. Resolves when the worker has ended in order. */
  readonly worker: Promise<void>
  /**
   * Answers the requests that have arrived and lets the worker finish its batch, for `stopTimeoutMs` at most. The library
   * stays open: close it with the patience that is left, since its database may not be answering.
   */
  stop(): Promise<Stopped>
}

export interface Stopped {
  /** Requests that were cut off. */
  readonly lost: number
  /** What is left of `stopTimeoutMs`. */
  readonly leftMs: number
}

type Serving = Omit<AppDeps, 'workerRunning'> & {
  /** Run a worker for model migrations in this process too. */
  readonly work: boolean
  readonly onProgress?: OnProgress
}

/**
 * Opens the database, checks that it may listen at the given address, and starts.
 *
 * @throws RevectorError KEY_REQUIRED, CONFIG_INVALID for an address that it cannot listen on, and what opening
 * throws except SCHEMA_BEHIND
 */
export async function startService({ work, onProgress, ...deps }: Serving): Promise<Service> {
  const { revector, options, log } = deps
  const behind = await opensBehind(deps)
  // The table of keys does not exist yet; requests from other machines need a key in any case.
  if (!behind) await refuseOpenToNetwork(deps)
  let running = false
  const app = await createApp({ ...deps, workerRunning: () => running })
  await listen(app, options)

  const stopWork = new AbortController()
  const worker = work ? begin() : Promise.resolve()
  async function begin(): Promise<void> {
    if (behind && !(await becomesCurrent(deps, stopWork.signal))) return
    if (!(await becomesWritable(deps, stopWork.signal))) return
    running = true
    try {
      await revector.migrations.work({ signal: stopWork.signal, onProgress })
    } finally {
      running = false
    }
  }
  worker.catch((error: unknown) => log.error('The worker of this process ended.', { error }))

  return {
    url: urlOf(app, options.host),
    worker,
    async stop() {
      // In-flight batches finish while requests are still being answered.
      stopWork.abort()
      const { stopDelayMs, stopTimeoutMs } = options
      const closingMs = Math.min(longestClosingMs, stopTimeoutMs / 10)
      const deadline = performance.now() + stopDelayMs + stopTimeoutMs
      const left = (): number => Math.max(0, deadline - performance.now())
      const lost = await stopListening(app, { stopDelayMs, stopTimeoutMs: stopTimeoutMs - closingMs })
      // However it ends.
      await inTime(worker, Math.max(0, left() - closingMs)).catch(() => false)
      return { lost, leftMs: left() }
    },
  }
}

/** Kept of `stopTimeoutMs` for closing the database. */
const longestClosingMs = 500

async function listen(app: App, { host, port }: HttpDeps['options']): Promise<void> {
  try {
    await app.listen({ host, port })
  } catch (cause) {
    await app.close()
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
    const why = reasons[code] ?? (cause instanceof Error ? cause.message : 'an unknown error')
    throw new RevectorError('CONFIG_INVALID', `The service cannot listen on ${host}, port ${port}: ${why}.`, {
      hint: 'Choose another with --port or --host.',
      data: { host, port },
      cause,
    })
  }
}

const reasons: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program uses it',
  EACCES: 'permission is denied',
  EADDRNOTAVAIL: 'this machine has no such address',
  ENOTFOUND: 'there is no such host',
}

function urlOf(app: App, host: string): string {
  const { port, family, address } = app.server.address() as AddressInfo
  const everywhere = address === '0.0.0.0' || address === '::'
  const name = everywhere
    ? 'localhost'
    : host.includes(':') && family === 'IPv6'
      ? `[${host.replace(/^\[|\]$/g, '')}]`
      : host
  return `http://${name}:${port}`
}

/** A new version can be started before the upgrade: it answers that it is not ready. */
async function opensBehind({ revector, log }: Pick<HttpDeps, 'revector' | 'log'>): Promise<boolean> {
  try {
    await revector.db.initialize()
    return false
  } catch (error) {
    if (!isRevectorError(error, 'SCHEMA_BEHIND')) throw error
    log.warn(`Not ready: ${error.message} It will be ready once \`revector db run\` has been run.`)
    return true
  }
}

/** How often a service that was started before the upgrade checks whether it is done. */
const lookMs = 2_000

/**
 * Waits for the schema upgrade, even if the database is unreachable meanwhile; false if the service stops
 * first.
 */
async function becomesCurrent(
  { revector, log }: Pick<HttpDeps, 'revector' | 'log'>,
  signal: AbortSignal,
): Promise<boolean> {
  while (!signal.aborted) {
    await wait(lookMs, undefined, { signal }).catch(() => {})
    if (signal.aborted) break
    try {
      await revector.db.initialize()
      log.info('Ready: the schema is current. The worker of this process starts.')
      return true
    } catch (error) {
      if (!isRevectorError(error) || errorCatalogue[error.code].status !== 503) throw error
    }
  }
  return false
}

/** On a standby there is nothing that a worker could do, until that becomes the primary. False if the service stops first. */
async function becomesWritable(
  { revector, log }: Pick<HttpDeps, 'revector' | 'log'>,
  signal: AbortSignal,
): Promise<boolean> {
  if (!(await revector.db.health()).readOnly) return true
  log.warn(
    'The database takes no writes: searches are served, changes are refused with DATABASE_READ_ONLY, and no worker runs until it does.',
  )
  while (!signal.aborted) {
    await wait(lookMs, undefined, { signal }).catch(() => {})
    if (signal.aborted) break
    // A failover: the old primary is away, and this one is not yet promoted.
    const health = await revector.db.health().catch(() => null)
    if (health === null || health.readOnly) continue
    log.info('The database takes writes now. The worker of this process starts.')
    return true
  }
  return false
}
