import { writeFile } from 'node:fs/promises'
import { Agent, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { definedOnly } from '../../src/core/defined.ts'
import { runCli, startCli } from '../cli/run-cli.ts'
import { temporaryFolder } from '../support/engines.ts'
import { openApp } from './open-app.ts'
import { useSlowModel } from './support/slow-model.ts'

const host = '127.0.0.1'

interface Answered {
  readonly status: number
  /** Of a refusal. */
  readonly code: string | undefined
  readonly retryAfter: string | undefined
}

function search(port: number, agent: Agent, query: string, authorization?: string): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const headers = definedOnly({ 'content-type': 'application/json', authorization })
    const asked = request(
      { host, port, agent, method: 'POST', path: '/api/v1/search', headers },
      (response) => {
        let body = ''
        response.setEncoding('utf8').on('data', (text: string) => {
          body += text
        })
        response.on('error', reject)
        response.on('end', () => {
          const { statusCode: status = 0, headers } = response
          resolve({ status, code: JSON.parse(body).code, retryAfter: headers['retry-after'] })
        })
      },
    )
    asked.on('error', reject)
    asked.end(JSON.stringify({ query }))
  })
}

it('two hundred clients of a slow provider get an answer, or are told when to come again', {
  timeout: 120_000,
}, async () => {
  const { app, revector } = await openApp({ serve: { maxConcurrentRequests: 64 } })
  const provider = await useSlowModel(revector)
  const few = await revector.keys.create({ name: 'few', scope: 'read', requestsPerMinute: 40 })
  const many = await revector.keys.create({ name: 'many', scope: 'read', requestsPerMinute: 1_000 })
  await app.listen({ host, port: 0 })
  const { port } = app.server.address() as AddressInfo

  // It answers nobody until all two hundred have come: no provider is slower.
  let answer: () => void = () => {}
  provider.failAlways({
    after: new Promise((resolve) => {
      answer = resolve
    }),
  })
  const agent = new Agent({ keepAlive: true })
  let refused = 0
  const clients = Array.from({ length: 200 }, async (_, n) => {
    const { secret } = n % 2 === 0 ? few : many
    const first = await search(port, agent, `question ${n}`, `Bearer ${secret}`)
    if (first.status !== 200) refused += 1
    if (refused === 136) answer()
    return first
  })
  const answers = await Promise.all(clients)
  expect(answers.filter(({ status }) => ![200, 429, 503].includes(status))).toEqual([])
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(64)
  for (const { status, retryAfter } of answers) {
    if (status !== 200) expect(Number(retryAfter)).toBeGreaterThanOrEqual(1)
  }
  // The rush is over, nothing is stuck.
  const after = await search(port, agent, 'one more', `Bearer ${many.secret}`)
  expect(after.status).toBe(200)
  expect(app.stop.unanswered()).toBe(0)
  agent.destroy()
})

it('a service that is told to end under load answers every request that reached it', {
  timeout: 120_000,
}, async () => {
  const folder = await temporaryFolder()
  // A machine that is busy with other tests is no reason to turn requests away here.
  const config = join(folder, 'config.json')
  await writeFile(config, JSON.stringify({ serve: { maxEventLoopDelayMs: 0 } }))
  const cli = ['--data-dir', join(folder, 'data'), '--config', config, '--json']
  expect(await runCli([...cli, 'ingest', '-'], { input: 'Ships carry grain over the sea.' })).toMatchObject({
    code: 0,
  })
  const service = startCli([...cli, 'serve', '--port', '0'])
  const url = await new Promise<string>((resolve, reject) => {
    service.child.stdout?.once('data', (text: string) => resolve(JSON.parse(text).url))
    service.finished.then(({ stderr }) => reject(new Error(stderr)), reject)
  })
  const port = Number(new URL(url).port)
  const agent = new Agent({ keepAlive: true })
  let answered = 0
  const lost: string[] = []
  const client = async (me: number): Promise<void> => {
    for (let n = 0; ; n += 1) {
      try {
        const { status, code } = await search(port, agent, `question ${n} of ${me}`)
        if (status !== 200) lost.push(`answered with ${status} ${code}`)
        answered += 1
        if (answered === 200) service.child.kill('SIGTERM')
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException
        // Nobody listens any more: the request never reached the service.
        if (code !== 'ECONNREFUSED') lost.push(String(code))
        return
      }
    }
  }
  await Promise.all(Array.from({ length: 20 }, (_, me) => client(me)))
  expect(lost).toEqual([])
  expect(answered).toBeGreaterThanOrEqual(200)
  expect(await service.finished).toMatchObject({ code: 0 })
  agent.destroy()
})
