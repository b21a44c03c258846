import { readFileSync } from 'node:fs'

/** Middle value; of an even number, the mean of the two in the middle. */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b)
  const half = sorted.length / 2
  return sorted.length % 2 === 1 ? sorted[Math.floor(half)] : (sorted[half - 1] + sorted[half]) / 2
}

export function percentile(values, share) {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]
}

/** Milliseconds that `work` takes, and what it gave. */
export async function timed(work) {
  const begin = performance.now()
  const result = await work()
  return { ms: performance.now() - begin, result }
}

/**
 * Runs every contender on every input, turn by turn in one process, the order turning with each input, so that
 * a slow spell of the machine falls on all alike. Gives the milliseconds of each contender, in input order.
 */
export async function interleaved(contenders, inputs, { warmUp = 30 } = {}) {
  const names = Object.keys(contenders)
  for (const input of inputs.slice(0, warmUp)) for (const name of names) await contenders[name](input)
  const times = Object.fromEntries(names.map((name) => [name, []]))
  for (const [turn, input] of inputs.entries()) {
    const order = names.map((_, i) => names[(i + turn) % names.length])
    for (const name of order) times[name].push((await timed(() => contenders[name](input))).ms)
  }
  return times
}

/**
 * Megabytes of resident memory that this process has had at most. Linux tells it of the program alone; what
 * `resourceUsage` gives includes the parent it was forked from.
 */
export function peakMemoryMb() {
  try {
    return Math.round(Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))[1]) / 1024)
  } catch {
    return Math.round(process.resourceUsage().maxRSS / 1024)
  }
}
