import { once } from 'node:events'
import { Agent, get, type IncomingMessage, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { connect } from 'node:net'
import { expect, it } from 'vitest'
import { stopListening } from '../../src/http/stopping.ts'
import { fakeProvider } from '../support/providers/server.ts'
import { openApp } from './open-app.ts'

const options = { stopDelayMs: 0, stopTimeoutMs: 20_000 }

function search(
  port: number,
  agent: Agent,
): Promise<{ readonly status: number; readonly connection: string }> {
  return new Promise((resolve, reject) => {
    const asked = request(
      {
        port,
        agent,
        method: 'POST',
        path: '/api/v1/search',
        headers: { 'content-type': 'application/json' },
      },
      (response: IncomingMessage) => {
        response.resume()
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, connection: response.headers.connection ?? '' }),
        )
      },
    )
    asked.on('error', reject)
    asked.end(JSON.stringify({ query: 'anything' }))
  })
}

it('a stop answers what has come, on connections that stay open between requests too, and takes no more', async () => {
  const provider = await fakeProvider('openai', 8)
  const { app, revector } = await openApp()
  await revector.models.add({
    modelName: 'slow',
    dimension: 8,
    provider: 'openai-compatible',
    baseUrl: provider.url,
  })
  await revector.models.use('slow', { force: true })
  await app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.server.address() as AddressInfo
  const agent = new Agent({ keepAlive: true })
  expect(await search(port, agent)).toMatchObject({ status: 200, connection: 'keep-alive' })

  let answer: () => void = () => {}
  provider.fail({
    after: new Promise((resolve) => {
      answer = resolve
    }),
  })
  const asked = provider.requested()
  const inHand = search(port, agent)
  await asked
  const stopped = stopListening(app, options)
  expect(app.stopping.aborted).toBe(true)
  const late = connect({ host: '127.0.0.1', port })
  await expect(once(late, 'connect')).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  answer()
  expect(await inHand).toEqual({ status: 200, connection: 'close' })
  expect(await stopped).toBe(0)
  agent.destroy()
})

it('a stop waits no longer than it may for what does not end, and says how much that was', async () => {
  const provider = await fakeProvider('openai', 8)
  const { app, revector } = await openApp()
  await revector.models.add({
    modelName: 'slow',
    dimension: 8,
    provider: 'openai-compatible',
    baseUrl: provider.url,
  })
  await revector.models.use('slow', { force: true })
  await app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.server.address() as AddressInfo
  provider.failAlways('hang')
  const asked = provider.requested()
  const inHand = search(port, new Agent())
  inHand.catch(() => {})
  await asked
  expect(await stopListening(app, { stopDelayMs: 0, stopTimeoutMs: 50 })).toBe(1)
  await expect(inHand).rejects.toMatchObject({ code: 'ECONNRESET' })
})

it('while it waits for a balancer it still answers', async () => {
  const { app } = await openApp()
  await app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.server.address() as AddressInfo
  const stopped = stopListening(app, { stopDelayMs: 1_000, stopTimeoutMs: 1_000 })
  const [response] = (await once(get({ port, path: '/readyz' }), 'response')) as [IncomingMessage]
  expect(response.statusCode).toBe(503)
  response.resume()
  expect(await stopped).toBe(0)
})
