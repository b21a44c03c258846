// Does a service answer while it ingests files that were made to stop it? A real `revector serve` gets them one after the
// other over HTTP, first new and then a little changed, while another process asks for /healthz every 20 ms.
import { fork, spawn } from 'node:child_process'
import { once as event } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createRevector } from '../../dist/index.js'
import { hostileFiles } from '../hostile-files.mjs'
import { withDatabase } from '../server.mjs'

const model = 'lexical-hash-64'
const command = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'bin', 'revector.js')

export async function hostile({ serverUrl, log }) {
  const folder = mkdtempSync(join(tmpdir(), 'revector-bench-'))
  try {
    const onServer = await withDatabase(serverUrl, (url) => measure('server', { databaseUrl: url }, log))
    return [onServer, await measure('embedded', { dataDir: join(folder, 'data') }, log)]
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function measure(engine, place, log) {
  const secret = await prepare(place)
  const service = await startService(place)
  let worst = { name: '', worstMs: 0, p99Ms: 0, bareMs: 0 }
  let asked = 0
  try {
    for (const { name, bytes } of hostileFiles()) {
      for (const turn of ['new', 'changed']) {
        const pings = await pinging(service.url)
        const content = turn === 'new' ? bytes : Buffer.concat([bytes, Buffer.from(' changed')])
        const begin = performance.now()
        const outcome = await upload(service.url, secret, { name, content })
        const seconds = ((performance.now() - begin) / 1000).toFixed(1)
        const answers = await pings.stop()
        if (answers.failures.length > 0) throw new Error(`/healthz failed: ${answers.failures}`)
        asked += answers.asked
        if (answers.worstMs > worst.worstMs) worst = { name, ...answers }
        log(
          `hostile: ${engine}, ${name}, ${turn}: ${outcome} in ${seconds} s; /healthz worst ${answers.worstMs.toFixed(0)} ms, p99 ${answers.p99Ms.toFixed(0)} ms; a bare server ${answers.bareMs.toFixed(0)} ms`,
        )
      }
    }
  } finally {
    await service.stop()
  }
  return {
    id: `hostile/${engine}`,
    title: `/healthz while hostile files are ingested, ${engine}`,
    value: worst.worstMs,
    unit: ' ms',
    better: 'lower',
    target: 100,
    detail: `worst of ${asked.toLocaleString('en')} answers: ${worst.name}, with a p99 of ${worst.p99Ms.toFixed(0)} ms; the worst of a bare server meanwhile ${worst.bareMs.toFixed(0)} ms`,
  }
}

/** A database with a model that costs nothing, and a key. */
async function prepare(place) {
  const revector = await createRevector(place)
  try {
    await revector.db.initialize()
    await revector.models.add({ modelName: model })
    const { from } = await revector.models.use(model, { force: true })
    await revector.models.remove(from)
    return (await revector.keys.create({ name: 'bench', scope: 'write' })).secret
  } finally {
    await revector.db.close()
  }
}

async function startService({ databaseUrl, dataDir }) {
  const where = databaseUrl === undefined ? ['--data-dir', dataDir] : ['--database-url', databaseUrl]
  const child = spawn(process.execPath, [command, '--json', '--quiet', ...where, 'serve', '--port', '0'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = event(child, 'exit')
  const { url } = JSON.parse(String((await event(child.stdout, 'data'))[0]))
  return {
    url,
    stop: async () => {
      child.kill('SIGTERM')
      await ended
    },
  }
}

async function pinging(url) {
  const child = fork(new URL('../pinger.mjs', import.meta.url))
  child.send(url)
  await event(child, 'message')
  return {
    stop: async () => {
      child.send('stop')
      return (await event(child, 'message'))[0]
    },
  }
}

/** What became of the file: how many chunks, or the code of its error. */
async function upload(url, secret, { name, content }) {
  const form = new FormData()
  form.append('files', new Blob([content]), name)
  const response = await fetch(`${url}/api/v1/documents`, {
    method: 'POST',
    headers: { authorization: `Bearer ${secret}` },
    body: form,
  })
  const body = await response.json()
  return response.ok ? `${body.chunks} chunks` : body.code
}
