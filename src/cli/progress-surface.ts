import type { SingleBar } from 'cli-progress'
import { counted, grouped } from '../core/counted.ts'
import type { Terminal } from './terminal.ts'
import { cut, displayWidth } from './text.ts'

/** The current activity. */
export interface Activity {
  readonly label: string
  /** In the singular. */
  readonly unit: string
  readonly startedAt: number
  /** The count at the start, so that a resumed fill does not count earlier work in its speed. */
  readonly from: number
  done: number
  total: number | null
  detail: string
}

/** Where progress is shown. */
export interface Surface {
  show(activity: Activity): void
  /** Nothing is running any more. */
  clear(): void
  say(text: string): void
  close(): void
}

/** How often a line is printed without a terminal. */
const lineEveryMs = 5_000

/** Prints a line from time to time, if there is no terminal. */
export function openLines(terminal: Terminal): Surface {
  let saidAt = performance.now()
  return {
    show(activity) {
      if (performance.now() - saidAt < lineEveryMs) return
      saidAt = performance.now()
      terminal.note(`${activity.label}: ${numbers(activity)}`)
    },
    clear() {},
    say: terminal.note,
    close() {},
  }
}

/** A progress bar that redraws itself, with lines above it. */
export async function openBar(terminal: Terminal): Promise<Surface> {
  const { MultiBar } = (await import('cli-progress')).default
  const style = terminal.noteStyle
  let drawn: { readonly bars: InstanceType<typeof MultiBar>; readonly bar: SingleBar } | undefined

  // A second Ctrl-C ends the process immediately; the cursor must still be restored.
  process.once('exit', clear)
  function clear(): void {
    drawn?.bars.stop()
    drawn = undefined
  }
  function render(activity: Activity): string {
    const columns = (process.stderr.columns ?? 80) - 1
    const text = numbers(activity)
    const left = columns - displayWidth(activity.label) - displayWidth(text) - 4
    if (activity.total === null || activity.total === 0 || left < 10) {
      return cut(`${activity.label}  ${text}`, columns)
    }
    const width = Math.min(left, 30)
    const full = Math.round((Math.min(activity.done, activity.total) / activity.total) * width)
    return `${activity.label}  ${style.cyan('█'.repeat(full))}${style.dim('░'.repeat(width - full))}  ${text}`
  }

  return {
    show(activity) {
      if (drawn !== undefined) return drawn.bar.update({ activity })
      const bars = new MultiBar({
        stream: process.stderr,
        format: (_options, _params, payload: { activity: Activity }) => render(payload.activity),
        clearOnComplete: true,
        hideCursor: true,
        gracefulExit: false,
        fps: 10,
      })
      drawn = { bars, bar: bars.create(1, 0, { activity }) }
    },
    clear,
    say(text) {
      if (drawn === undefined) return terminal.note(text)
      drawn.bars.log(`${text}\n`)
      drawn.bars.update()
    },
    close: clear,
  }
}

/** `123 of 349 files · 4,567 chunks · 12.0 s left`. */
function numbers(activity: Activity): string {
  const elapsed = (performance.now() - activity.startedAt) / 1_000
  const made = activity.done - activity.from
  const parts: string[] = []
  if (activity.total !== null) {
    parts.push(`${grouped(activity.done)} of ${counted(activity.total, activity.unit)}`)
  } else if (activity.done > 0) {
    parts.push(counted(activity.done, activity.unit))
  }
  if (activity.detail !== '') parts.push(activity.detail)
  if (activity.total !== null && made > 0 && elapsed > 2 && activity.done < activity.total) {
    parts.push(`${timeLeft(((activity.total - activity.done) * elapsed) / made)} left`)
  } else {
    parts.push(`${Math.floor(elapsed)} s`)
  }
  return parts.join(' · ')
}

function timeLeft(estimate: number): string {
  return estimate < 60 ? `${Math.ceil(estimate)} s` : `${Math.ceil(estimate / 60)} min`
}
