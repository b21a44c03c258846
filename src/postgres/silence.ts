import { setTimeout as wait } from 'node:timers/promises'
import type { Client, ClientBase } from 'pg'
import { cutConnection } from './client-wire.ts'

/** The code of an error that no server sent: it did not answer. Looked for in errors.ts and retry.ts. */
export const silent = 'REVECTOR_SILENT'

/** How much longer than the server's own limit its answer may take to arrive. */
const graceMs = 1_000
/** After this long without a byte it is asked, on another connection, whether a statement without a limit still runs. */
const lookMs = 10_000
/** Once a server was silent, a new connection has only this long. */
const suspiciousConnectMs = 1_500
/** Two connections meet in the server a moment apart: only who is idle twice is idle. */
const secondLookMs = 500
/** A server that was heard so lately is there. */
const quietMs = 1_000

export interface SilenceOptions {
  /** The server's limit of a statement; 0: none. */
  readonly statementTimeoutMs: number
  readonly connectTimeoutMs: number
}

/**
 * A server that goes away without closing its connections (a network that swallows packets) never answers. What waits for it
 * is ended here: the socket is destroyed, since a polite end would wait as well.
 */
export interface Silence {
  /** Of each client, before it connects. `isWorking` asks on another connection, by the text of the statement. */
  watch(client: Client, isWorking: (text: string) => Promise<boolean>): void
  /** Of each client, when it has connected. */
  connected(client: Client): void
  connectFailed(error: unknown): void
  connectTimeoutMs(): number
  /** Whether the client has not heard from the server since another one found it silent. */
  suspects(client: ClientBase): boolean
  /** Rejects when it turns out that no connection can be made, or when all are cut. */
  unlessAway<T>(connecting: Promise<T>): Promise<T>
  /** The error of the last attempt to connect; null: the server is there as far as is known. */
  away(): unknown
  /** Waits until every connection has closed, `patienceMs` at most, and cuts what is left. */
  end(patienceMs: number): Promise<void>
}

export function createSilence({ statementTimeoutMs, connectTimeoutMs }: SilenceOptions): Silence {
  const open = new Set<Client>()
  const heardAt = new WeakMap<ClientBase, number>()
  const waiting = new Set<(error: unknown) => void>()
  let noticedAt = Number.NEGATIVE_INFINITY
  let lastHeardAt = Number.NEGATIVE_INFINITY
  let suspicious = false
  let ending = false
  let awayError: unknown = null

  function notice(client: Client, afterMs: number): void {
    suspicious = true
    noticedAt = performance.now()
    const message = `it did not answer within ${Math.round(afterMs)} ms`
    cutConnection(client, Object.assign(new Error(message), { code: silent }))
  }

  function reject(error: unknown): void {
    for (const one of waiting) one(error)
    waiting.clear()
  }

  return {
    watch(client, isWorking) {
      open.add(client)
      client.once('end', () => open.delete(client))
      const limits = trackLimits(statementTimeoutMs > 0)
      /** In the order in which they were sent and are answered. */
      const pending: string[] = []
      let timer: NodeJS.Timeout | undefined
      const heard = (): void => {
        lastHeardAt = performance.now()
        heardAt.set(client, lastHeardAt)
        timer?.refresh()
      }
      function arm(): void {
        clearTimeout(timer)
        timer = undefined
        if (pending.length === 0) return
        const ms = limits.limited() ? statementTimeoutMs + graceMs : lookMs
        timer = setTimeout(() => void late(ms), ms)
      }
      async function late(ms: number): Promise<void> {
        timer = undefined
        const before = heardAt.get(client)
        const working = !limits.limited() && (await works())
        // It may have answered while the other connection was asked.
        if (working || heardAt.get(client) !== before) arm()
        else if (pending.length > 0) notice(client, ms)
      }
      async function works(): Promise<boolean> {
        const text = pending[0] ?? ''
        if (await isWorking(text)) return true
        await wait(secondLookMs)
        return isWorking(text)
      }
      client.once('connect', () => client.connection.stream.on('data', heard))
      onQuery(client, {
        begun(text) {
          limits.saw(text)
          pending.push(text)
          if (pending.length === 1 || !limits.limited()) arm()
        },
        ended() {
          pending.shift()
          arm()
        },
      })
    },
    connected(client) {
      heardAt.set(client, performance.now())
      suspicious = false
      awayError = null
    },
    connectFailed(error) {
      // One connection that was not made says little while others are answered.
      if (performance.now() - lastHeardAt < quietMs) return
      suspicious = true
      awayError = error
      reject(error)
    },
    connectTimeoutMs() {
      const limits = [
        ...(connectTimeoutMs > 0 ? [connectTimeoutMs] : []),
        ...(statementTimeoutMs > 0 ? [statementTimeoutMs + graceMs] : []),
        ...(suspicious ? [suspiciousConnectMs] : []),
        // The pool connects again for those that waited when a connection was cut.
        ...(ending ? [1] : []),
      ]
      return limits.length === 0 ? 0 : Math.min(...limits)
    },
    suspects: (client) => (heardAt.get(client) ?? Number.POSITIVE_INFINITY) < noticedAt,
    async unlessAway(connecting) {
      let stop: (error: unknown) => void = () => {}
      const gone = new Promise<never>((_, rejectIt) => {
        stop = rejectIt
      })
      waiting.add(stop)
      try {
        return await Promise.race([connecting, gone])
      } finally {
        waiting.delete(stop)
      }
    },
    away: () => awayError,
    async end(patienceMs) {
      ending = true
      const ended = Promise.all(
        [...open].map((client) => new Promise<void>((resolve) => client.once('end', () => resolve()))),
      )
      const stop = new AbortController()
      await Promise.race([ended, wait(patienceMs, undefined, { signal: stop.signal }).catch(() => {})])
      stop.abort()
      reject(new Error('Connection terminated'))
      for (const client of open) cutConnection(client)
    },
  }
}

/** Which statements the server does not end by itself: `set local statement_timeout = 0` and its like lift the limit. */
function trackLimits(limited: boolean): { saw(text: string): void; limited(): boolean } {
  let session = limited
  let transaction = true
  return {
    saw(text) {
      if (/^\s*(begin|commit|rollback)\b/i.test(text)) transaction = true
      if (text.includes('reset all')) session = limited
      if (!/statement_timeout(\s*=\s*0\b|')/.test(text)) return
      if (text.includes('local')) transaction = false
      else session = false
    },
    limited: () => session && transaction,
  }
}

interface QueryEvents {
  begun(text: string): void
  ended(): void
}

/** Tells when a query of the client begins and ends. All of Revector's queries are promises. */
function onQuery(client: Client, { begun, ended }: QueryEvents): void {
  const query = client.query.bind(client) as (...of: readonly unknown[]) => unknown
  const watched = (...of: readonly unknown[]): unknown => {
    begun(textOf(of[0]))
    const result = query(...of)
    if (result instanceof Promise) result.then(ended, ended)
    else ended()
    return result
  }
  client.query = watched as Client['query']
}

function textOf(query: unknown): string {
  const text: unknown = typeof query === 'object' && query !== null ? Reflect.get(query, 'text') : query
  return typeof text === 'string' ? text : ''
}
