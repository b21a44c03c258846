// Asks /healthz of a service every 20 ms, in a process of its own, until it is told to stop; then says how long the answers
// took. In the same breath it asks a bare server, which does nothing else, in a thread of this process: how long that one
// took is what a busy machine adds.
import { once as event } from 'node:events'
import { Agent, createServer, get } from 'node:http'
import { isMainThread, parentPort, Worker } from 'node:worker_threads'
import { percentile } from './measure.mjs'

const everyMs = 20

if (isMainThread) await ping()
else bareServer()

function bareServer() {
  const server = createServer((_, response) => response.end('{}'))
  server.listen(0, '127.0.0.1', () => parentPort.postMessage(`http://127.0.0.1:${server.address().port}`))
}

async function ping() {
  const bare = new Worker(new URL(import.meta.url))
  const [bareUrl] = await event(bare, 'message')
  const agent = new Agent({ keepAlive: true, maxSockets: 64 })
  const [service, beside] = [asking(agent), asking(agent)]
  const [url] = await event(process, 'message')
  const both = () => {
    service.ask(url)
    beside.ask(bareUrl)
  }
  both()
  const clock = setInterval(both, everyMs)
  process.send('started')
  await event(process, 'message')
  clearInterval(clock)
  const times = await service.all()
  const besides = await beside.all()
  process.send({
    worstMs: Math.max(...times),
    p99Ms: percentile(times, 0.99),
    bareMs: Math.max(...besides),
    asked: times.length,
    failures: service.failures(),
  })
  process.disconnect()
  agent.destroy()
  await bare.terminate()
}

function asking(agent) {
  const answers = []
  const failures = new Set()
  const once = (url) =>
    new Promise((resolve) => {
      const begin = performance.now()
      const done = (failure) => {
        if (failure !== null) failures.add(failure)
        resolve(performance.now() - begin)
      }
      get(`${url}/healthz`, { agent }, (response) => {
        response.resume()
        response.on('end', () => done(response.statusCode === 200 ? null : String(response.statusCode)))
      }).on('error', (error) => done(error.message))
    })
  return {
    ask: (url) => answers.push(once(url)),
    all: () => Promise.all(answers),
    failures: () => [...failures],
  }
}
