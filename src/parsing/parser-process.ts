import { writeFileSync } from 'node:fs'
import { serialize } from 'node:v8'
import { Worker } from 'node:worker_threads'
import {
  type FromProcess,
  inParts,
  type ReadJob,
  type ReadReply,
  type ToProcess,
} from './process-messages.ts'

// Runs in a process of its own, and reads files of strangers. A thread does the work, under a limit of its heap; this one
// stays free to watch the memory of the whole process, since buffers and decoders take theirs outside of any heap.

const [worker = '', megabytes = ''] = process.argv.slice(2)
const limit = Number(megabytes) * 1024 * 1024
const heapShare = 0.75
const spentShare = 0.35
const watchEveryMs = 20

// Ctrl-C at a terminal reaches this process too: its parent decides when it ends, or has ended.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})
process.on('disconnect', end)
volunteer()

const thread = new Worker(new URL(worker), {
  resourceLimits: { maxOldGenerationSizeMb: Math.ceil(Number(megabytes) * heapShare), stackSizeMb: 4 },
})
let watch: NodeJS.Timeout | undefined

let parts: Uint8Array[] = []

process.on('message', (message: ToProcess) => {
  if (message instanceof Uint8Array) {
    parts.push(message)
    return
  }
  const bytes = new Uint8Array(Buffer.concat(parts))
  parts = []
  watch = setInterval(() => {
    if (process.memoryUsage.rss() <= limit) return
    clearInterval(watch)
    send({ ended: 'memory', reason: null }, end)
  }, watchEveryMs)
  thread.postMessage({ ...message, bytes } satisfies ReadJob, [bytes.buffer])
})

thread.on('message', (reply: ReadReply<unknown>) => {
  clearInterval(watch)
  const spent = process.memoryUsage.rss() > limit * spentShare
  for (const part of inParts(serialize(reply))) send(part)
  send({ ended: 'replied', spent })
})

thread.on('error', (error: Error & { code?: unknown }) => {
  clearInterval(watch)
  const memory = error.code === 'ERR_WORKER_OUT_OF_MEMORY'
  send({ ended: memory ? 'memory' : 'crash', reason: error.message.split('\n')[0] ?? null })
})

function send(message: FromProcess, done?: () => void): void {
  process.send?.(message, undefined, undefined, done)
}

/** At once: the thread may be in the middle of work that nothing else can interrupt. */
function end(): void {
  process.kill(process.pid, 'SIGKILL')
}

/** Where the machine's memory ends before the limit does, Linux ends this process first, not the service or PostgreSQL. */
function volunteer(): void {
  if (process.platform !== 'linux') return
  try {
    writeFileSync('/proc/self/oom_score_adj', '1000')
  } catch {
    // A container may hide the file; the limit holds without it.
  }
}
