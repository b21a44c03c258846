import { once } from 'node:events'
import { Agent, get, type IncomingMessage, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { connect } from 'node:net'
import { expect, it } from 'vitest'
import { stopListening } from '../../src/http/stopping.ts'
import { openApp } from './open-app.ts'
import { useSlowModel } from './support/slow-model.ts'

/** Not a name: a machine may have two addresses for one, and tries them against the clock. */
const host = '127.0.0.1'
const options = { stopDelayMs: 0, stopTimeoutMs: 20_000 }

function search(
  port: number,
  agent: Agent,
): Promise<{ readonly status: number; readonly connection: string }> {
  return new Promise((resolve, reject) => {
    const asked = request(
      {
        host,
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

/** An application that listens, with a current model whose provider does as the test says. */
async function listening() {
  const { app, revector } = await openApp()
  const provider = await useSlowModel(revector)
  await app.listen({ host, port: 0 })
  const { port } = app.server.address() as AddressInfo
  return { app, provider, port }
}

it('a stop answers what has come, on connections that stay open between requests too, and takes no more', async () => {
  const { app, provider, port } = await listening()
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
  const late = connect({ host, port })
  await expect(once(late, 'connect')).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  answer()
  expect(await inHand).toEqual({ status: 200, connection: 'close' })
  expect(await stopped).toBe(0)
  agent.destroy()
})

it('a stop waits no longer than it may for what does not end, and says how much that was', async () => {
  const { app, provider, port } = await listening()
  provider.failAlways('hang')
  const asked = provider.requested()
  const inHand = search(port, new Agent())
  inHand.catch(() => {})
  await asked
  expect(await stopListening(app, { stopDelayMs: 0, stopTimeoutMs: 50 })).toBe(1)
  await expect(inHand).rejects.toMatchObject({ code: 'ECONNRESET' })
})

it('while it waits for a balancer it still answers', async () => {
  const { app, port } = await listening()
  let noticed: () => void = () => {}
  const balancer = new Promise<void>((resolve) => {
    noticed = resolve
  })
  const pauses: number[] = []
  const stopped = stopListening(app, { ...options, stopDelayMs: 5_000 }, async (ms) => {
    pauses.push(ms)
    await balancer
  })
  const [response] = (await once(get({ host, port, path: '/readyz', agent: false }), 'response')) as [
    IncomingMessage,
  ]
  expect(response.statusCode).toBe(503)
  response.resume()
  expect(pauses).toEqual([5_000])
  noticed()
  expect(await stopped).toBe(0)
})
