// node fill-child.mjs '{"databaseUrl", "dimension", "latencyMs", "concurrency"}': one worker. Says "ready" when it is
// connected, begins when a line comes, ends when nothing is left, and prints its own peak of resident memory.
import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import { createRevector } from '../dist/index.js'

const { databaseUrl, dimension, latencyMs, concurrency } = JSON.parse(process.argv[2])

/** Another vector for each text, made in no time; as near to each other as the numbers of the passages are. */
const vectorOf = (text) => {
  const n = Number(/(\d+)/.exec(text)?.[1] ?? 0)
  return Float32Array.from({ length: dimension }, (_, i) => Math.sin((n + 1) * (i + 1) * 0.001) + 0.01)
}
const model = {
  modelName: 'remote',
  dimension,
  async embed(texts) {
    if (latencyMs > 0) await wait(latencyMs)
    return texts.map(vectorOf)
  },
}
const modelLimits = { remote: { concurrency } }
const revector = await createRevector({ databaseUrl, models: [model], modelLimits })
try {
  await revector.db.initialize()
  process.stdout.write('ready\n')
  await once(process.stdin, 'data')
  const report = await revector.migrations.work({ once: true })
  const rssMb = Math.round(process.resourceUsage().maxRSS / 1024)
  process.stdout.write(`${JSON.stringify({ rssMb, ...report })}\n`)
} finally {
  await revector.db.close()
  process.stdin.destroy()
}
