// How long do others wait? A thread with a session of its own runs one small statement again and again; its
// longest answer is how long a lock kept it waiting. A thread, so that work of this process cannot slow it.
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import pg from 'pg'
import { median } from './measure.mjs'

/** Starts asking; `stop()` gives the waits. */
export async function startProber(url, statement) {
  const worker = new Worker(new URL(import.meta.url), { workerData: { url, statement } })
  await message(worker)
  return {
    async stop() {
      worker.postMessage('stop')
      const waits = await message(worker)
      await worker.terminate()
      return waits
    },
  }
}

const message = (worker) =>
  new Promise((resolve, reject) => {
    worker.once('message', resolve)
    worker.once('error', reject)
  })

async function probe({ url, statement }) {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query(statement)
  const waits = []
  const failures = []
  let running = true
  parentPort.once('message', () => {
    running = false
  })
  parentPort.postMessage('started')
  while (running) {
    const begin = performance.now()
    try {
      await client.query(statement)
    } catch (error) {
      failures.push(error.message)
    }
    waits.push(performance.now() - begin)
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  await client.end()
  parentPort.postMessage({
    longestMs: Math.max(...waits),
    medianMs: median(waits),
    asked: waits.length,
    failures: [...new Set(failures)],
  })
}

if (!isMainThread) await probe(workerData)
