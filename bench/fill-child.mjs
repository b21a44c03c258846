// node fill-child.mjs '{"databaseUrl", "dimension", "latencyMs", "concurrency"}': one worker. Says "ready" when it is
// connected, begins when a line comes, ends when nothing is left, and prints its own peak of resident memory.
import { once } from 'node:events'
import { createRevector } from '../dist/index.js'
import { numberedModel } from './free-model.mjs'
import { peakMemoryMb } from './measure.mjs'

const { databaseUrl, dimension, latencyMs, concurrency } = JSON.parse(process.argv[2])

const model = numberedModel('remote', { dimension, latencyMs })
const modelLimits = { remote: { concurrency } }
const revector = await createRevector({ databaseUrl, models: [model], modelLimits })
try {
  await revector.db.initialize()
  process.stdout.write('ready\n')
  await once(process.stdin, 'data')
  const report = await revector.migrations.work({ once: true })
  const rssMb = peakMemoryMb()
  process.stdout.write(`${JSON.stringify({ rssMb, ...report })}\n`)
} finally {
  await revector.db.close()
  process.stdin.destroy()
}
