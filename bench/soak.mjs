// npm run soak [-- --minutes 15] [--rate 60]
//
// A service of its own on a throw-away database under a mixed load: searches, questions, documents that come, change and
// go, lists, figures. Its memory is read every two seconds from /metrics. What is said to be flat: the least heap and the
// median of resident memory of the last third of the run, against those of the third before it. Exit code 1 where they
// grew by more than a tenth, or where anything but 200, 201, 204, 429 or 503 came back.
import { spawn } from 'node:child_process'
import { once as event } from 'node:events'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { createRevector } from '../dist/index.js'
import { median } from './measure.mjs'
import { benchServer, withDatabase } from './server.mjs'

const { values: options } = parseArgs({
  options: { minutes: { type: 'string', default: '15' }, rate: { type: 'string', default: '60' } },
})
const [minutes, rate] = [Number(options.minutes), Number(options.rate)]
const clients = 12
const words = [
  'harbour',
  'orchard',
  'engine',
  'library',
  'glacier',
  'market',
  'violin',
  'bridge',
  'lantern',
  'river',
  'kiln',
]
const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
const mb = (bytes) => `${(bytes / 1e6).toFixed(0)} MB`
const say = (line) => process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${line}\n`)

const server = benchServer()
try {
  await withDatabase(server.url, soak)
} finally {
  server.stop()
}

async function soak(databaseUrl) {
  const revector = await createRevector({ databaseUrl })
  await revector.db.initialize()
  const { secret } = await revector.keys.create({
    name: 'soak',
    scope: 'admin',
    requestsPerMinute: 1_000_000,
  })
  await revector.db.close()

  const child = spawn(
    process.execPath,
    [
      join(root, 'bin', 'revector.js'),
      '--json',
      '--quiet',
      '--database-url',
      databaseUrl,
      'serve',
      '--port',
      '0',
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const ended = event(child, 'exit')
  const { url } = JSON.parse(String((await event(child.stdout, 'data'))[0]))
  const headers = { authorization: `Bearer ${secret}`, 'content-type': 'application/json' }
  const statuses = new Map()
  let renewed = 0
  const ask = async (method, path, body) => {
    const send = () =>
      fetch(`${url}${path}`, { method, headers, ...(body && { body: JSON.stringify(body) }) })
    // A connection that was kept and closed meanwhile is made anew, as clients do; how often is said in the end.
    const response = await send().catch(() => {
      renewed += 1
      return send()
    })
    const text = await response.text()
    statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1)
    return { status: response.status, text }
  }

  // Time in which this process itself stood still (a machine that slept, a debugger) is no load.
  let left = minutes * 60_000
  let seen = performance.now()
  const clock = setInterval(() => {
    const now = performance.now()
    left -= Math.min(now - seen, 2_000)
    seen = now
  }, 250)
  const samples = []
  const watch = async () => {
    while (left > 0) {
      const { status, text } = await ask('GET', '/metrics')
      // Turned away like any other request while there was too much to do.
      if (status === 200)
        samples.push({
          rss: figure(text, 'process_resident_bytes'),
          heap: figure(text, 'process_heap_bytes'),
        })
      if (samples.length % 30 === 0)
        say(`resident ${mb(samples.at(-1).rss)}, heap ${mb(samples.at(-1).heap)}`)
      await pause(2_000)
    }
  }
  const client = async (me) => {
    for (let turn = 0; left > 0; turn += 1) {
      const begin = performance.now()
      await one(ask, me, turn)
      await pause(Math.max(0, (clients * 1_000) / rate - (performance.now() - begin)))
    }
  }
  try {
    await Promise.all([watch(), ...Array.from({ length: clients }, (_, me) => client(me))])
  } finally {
    clearInterval(clock)
    child.kill('SIGTERM')
  }
  const [code] = await ended
  report({ samples, statuses, renewed, code })
}

/** One request of a client: mostly searches; every twenty turns its document comes anew or goes. */
async function one(ask, me, turn) {
  const source = `soak:${me}`
  const subject = words[(me * 7 + turn) % words.length]
  if (turn % 20 === 0) {
    const content = Array.from(
      { length: 40 },
      (_, n) => `Passage ${n} of turn ${turn} says more of the ${subject}.`,
    ).join('\n\n')
    await ask('POST', '/api/v1/documents', { title: `About the ${subject}`, content, source })
  } else if (turn % 20 === 10) await ask('GET', '/api/v1/documents?limit=5')
  else if (turn % 20 === 15) await ask('POST', '/api/v1/query', { query: `What is said of the ${subject}?` })
  else await ask('POST', '/api/v1/search', { query: `what of the ${subject} in turn ${turn}?`, top_k: 5 })
}

function figure(page, name) {
  return Number(new RegExp(`^revector_${name} (\\S+)$`, 'm').exec(page)?.[1])
}

function report({ samples, statuses, renewed, code }) {
  const third = Math.floor(samples.length / 3)
  const middle = samples.slice(third, 2 * third)
  const last = samples.slice(2 * third)
  const rss = [middle, last].map((part) => median(part.map((sample) => sample.rss)))
  const heap = [middle, last].map((part) => Math.min(...part.map((sample) => sample.heap)))
  const total = [...statuses.values()].reduce((sum, count) => sum + count, 0)
  const unwanted = [...statuses].filter(([status]) => ![200, 201, 204, 429, 503].includes(status))
  const flat = rss[1] <= rss[0] * 1.1 && heap[1] <= heap[0] * 1.1 + 5e6
  console.log(
    [
      `${minutes} minutes, ${total.toLocaleString('en')} requests: ${[...statuses].map(([status, count]) => `${status} × ${count.toLocaleString('en')}`).join(', ')}`,
      `resident, median: middle third ${mb(rss[0])}, last third ${mb(rss[1])}`,
      `heap, least: middle third ${mb(heap[0])}, last third ${mb(heap[1])}`,
      `${flat ? 'flat' : 'GROWS'}; ${renewed} connections made anew; the service ended with ${code}`,
    ].join('\n'),
  )
  if (!flat || unwanted.length > 0 || code !== 0) process.exitCode = 1
}
