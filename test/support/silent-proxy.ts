import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

export interface SilentProxy {
  /** The same database by way of this machine's loopback. */
  readonly databaseUrl: string
  /** From now on every byte is swallowed, and every connection stays open. `only`: those that are open now. */
  swallow(only?: 'open'): void
  /** From now on new connections get through; those of before stay silent. */
  recover(): void
  /** Pieces of what the client sent that did not arrive. */
  swallowed(): number
  /** Connections that the client has not closed. */
  open(): number
}

/** A network that can stop carrying anything without a word. */
export async function silentProxy(databaseUrl: string): Promise<SilentProxy> {
  const url = new URL(databaseUrl)
  const [host, port] = [url.hostname, Number(url.port)]
  const pairs = new Set<{
    readonly client: Socket
    readonly server: Socket
    silent: boolean
    gone: boolean
  }>()
  let silent = false
  let swallowed = 0
  const proxy = createServer({ allowHalfOpen: true }, (client) => {
    const pair = { client, server: connect({ host, port }), silent, gone: false }
    pairs.add(pair)
    client.on('data', (bytes) => {
      if (pair.silent) swallowed += 1
      else pair.server.write(bytes)
    })
    pair.server.on('data', (bytes) => pair.silent || client.write(bytes))
    // Not even that a side has gone is passed on.
    client.on('end', () => {
      pair.gone = true
      if (!pair.silent) pair.server.end()
    })
    pair.server.on('end', () => pair.silent || client.end())
    for (const socket of [client, pair.server]) socket.on('error', () => {})
    client.on('close', () => {
      pairs.delete(pair)
      pair.server.destroy()
    })
  })
  proxy.listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  onTestFinished(() => {
    proxy.close()
    for (const { client, server } of pairs) {
      client.destroy()
      server.destroy()
    }
  })
  const address = proxy.address()
  url.host = `127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
  return {
    databaseUrl: url.href,
    swallow(only) {
      silent = only !== 'open'
      for (const pair of pairs) pair.silent = true
    },
    recover() {
      silent = false
    },
    swallowed: () => swallowed,
    open: () => [...pairs].filter(({ gone }) => !gone).length,
  }
}
