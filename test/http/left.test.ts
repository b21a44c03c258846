import type { AddressInfo } from 'node:net'
import { connect } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { openApp } from './open-app.ts'
import { small, wide } from './support/service.ts'
import { useSlowModel } from './support/slow-model.ts'

const url = '/api/v1/search'
const json = { 'content-type': 'application/json' }

/** A service that answers one request at a time, with a current model whose provider never answers. */
async function busy() {
  const opened = await openApp({ serve: { maxConcurrentRequests: 1 } })
  const { app, revector } = opened
  const provider = await useSlowModel(revector)
  const at = await app.listen({ host: '127.0.0.1', port: 0 })
  provider.failAlways('hang')
  /** Asks, and goes as soon as the provider was asked. */
  const leave = async (path: string, body: object): Promise<void> => {
    const gone = new AbortController()
    const asked = provider.requested()
    const response = fetch(`${at}${path}`, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: json,
      signal: gone.signal,
    })
    response.catch(() => {})
    await asked
    gone.abort()
    await expect(response).rejects.toThrow()
    await free()
  }
  /** When the only place is free again. */
  const free = async (): Promise<void> => {
    // A turn of the event loop each time: what the client did is to be seen.
    while ((await app.inject('/api/v1/models')).statusCode === 503) await setImmediate()
  }
  return { ...opened, leave, free }
}

it('a client that leaves before its answer leaves no place behind, and is in log and figures', async () => {
  const { app, log, leave } = await busy()
  for (let n = 0; n < 3; n += 1) await leave(url, { query: 'tea' })
  expect(
    log.filter(({ message }) => message === 'Request left.').map(({ fields }) => fields['status']),
  ).toEqual([499, 499, 499])
  const { body } = await app.inject('/metrics')
  expect(body).toContain(`revector_http_requests_total{method="POST",route="${url}",status="499"} 3`)
})

it('a change that nobody waits for any more has its end in the audit', async () => {
  const { leave, revector } = await busy()
  await leave('/api/v1/documents', { title: 'Tea', content: 'Green.' })
  expect((await revector.audit.list()).entries).toMatchObject([{ action: 'addDocuments', status: 499 }])
})

it('an agent that leaves in the midst of a tool leaves no place behind', async () => {
  const { leave } = await busy()
  const params = { name: 'search', arguments: { query: 'tea' } }
  await leave('/mcp', { jsonrpc: '2.0', id: 1, method: 'tools/call', params })
})

it('nor does a body that ends in its midst', async () => {
  const { app, free } = await busy()
  const { port } = app.server.address() as AddressInfo
  const head = `POST ${url} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 100`
  await new Promise<void>((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(`${head}\r\n\r\n{"query"`, () => socket.destroy())
    })
    socket.once('close', () => resolve())
  })
  await free()
})

it('nor does one that leaves a stream', async () => {
  const { app, revector, free } = await busy()
  await revector.models.add({ modelName: small, dimension: 64, provider: 'lexical-hash' })
  await revector.models.add({ modelName: wide, dimension: 384, provider: 'lexical-hash' })
  await revector.models.use(small, { force: true })
  const { id } = await revector.migrations.start({ targetModel: wide })
  const { port } = app.server.address() as AddressInfo
  const gone = new AbortController()
  const events = `http://127.0.0.1:${port}/api/v1/migrations/${id}/events`
  const response = await fetch(events, { signal: gone.signal })
  await response.body?.getReader().read()
  expect((await app.inject('/api/v1/models')).statusCode).toBe(503)
  gone.abort()
  await free()
})
