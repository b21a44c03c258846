import type { AddressInfo } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { errorCatalogue, isRevectorError, RevectorError } from '../core/errors.ts'
import type { OnProgress } from '../core/progress.ts'
import { type AppDeps, createApp } from './app.ts'
import { refuseOpenToNetwork } from './auth.ts'
import type { App } from './route.ts'
import { stopListening } from './stopping.ts'

/** A service that listens. */
export interface Service {
  /** Where a browser finds it. */
  readonly url: string
  /** A worker that failed; the service goes on without it. Resolves when the worker has ended in order. */
  readonly worker: Promise<void>
  /**
   * Answers what has come, lets the worker finish its batch, and gives the number of requests that were cut off. The
   * library is still open afterwards.
   */
  stop(): Promise<number>
}

export interface ServiceDeps extends Omit<AppDeps, 'workerRunning'> {
  /** Work on model migrations in this process too. */
  readonly work: boolean
  readonly onProgress?: OnProgress
}

/**
 * Opens the database, checks that it may listen where it is told to, and begins.
 *
 * @throws RevectorError KEY_REQUIRED, CONFIG_INVALID for an address that cannot be listened on, and what opening throws but SCHEMA_BEHIND
 */
export async function startService({ work, onProgress, ...deps }: ServiceDeps): Promise<Service> {
  const { revector, options, log } = deps
  const behind = await opensBehind(deps)
  // Keys are in tables that are not there yet; who is not this machine is asked for one in any case.
  if (!behind) await refuseOpenToNetwork(deps)
  let running = false
  const app = await createApp({ ...deps, workerRunning: () => running })
  await listen(app, options)

  const stopWork = new AbortController()
  const worker = work ? begin() : Promise.resolve()
  async function begin(): Promise<void> {
    if (behind && !(await becomesCurrent(deps, stopWork.signal))) return
    running = true
    try {
      await revector.migrations.work({
        signal: stopWork.signal,
        onProgress,
      })
    } finally {
      running = false
    }
  }
  worker.catch((error: unknown) => log.error('The worker of this process ended.', { error }))

  return {
    url: urlOf(app, options.host),
    worker,
    async stop() {
      // What is in hand is stored while requests are still being answered.
      stopWork.abort()
      const lost = await stopListening(app, options)
      await worker.catch(() => {})
      return lost
    },
  }
}

async function listen(app: App, { host, port }: AppDeps['options']): Promise<void> {
  try {
    await app.listen({ host, port })
  } catch (cause) {
    await app.close()
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
    const why = reasons[code] ?? (cause instanceof Error ? cause.message : 'an unknown error')
    throw new RevectorError('CONFIG_INVALID', `The service cannot listen on ${host}, port ${port}: ${why}.`, {
      hint: 'Choose another one with --port or --host.',
      data: { host, port },
      cause,
    })
  }
}

const reasons: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program does',
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
async function opensBehind({ revector, log }: Pick<ServiceDeps, 'revector' | 'log'>): Promise<boolean> {
  try {
    await revector.db.initialize()
    return false
  } catch (error) {
    if (!isRevectorError(error, 'SCHEMA_BEHIND')) throw error
    log.warn(`Not ready: ${error.message} It is once \`revector db run\` was run.`)
    return true
  }
}

/** How often a service that was started before the upgrade looks whether it is done. */
const lookMs = 2_000

/** Waits for whoever upgrades the schema, be the database away in between; false when the service stops before. */
async function becomesCurrent(
  { revector, log }: Pick<ServiceDeps, 'revector' | 'log'>,
  signal: AbortSignal,
): Promise<boolean> {
  while (!signal.aborted) {
    await wait(lookMs, undefined, { signal }).catch(() => {})
    if (signal.aborted) break
    try {
      await revector.db.initialize()
      log.info('Ready: the schema is current. The worker of this process begins.')
      return true
    } catch (error) {
      if (!isRevectorError(error) || errorCatalogue[error.code].status !== 503) throw error
    }
  }
  return false
}
