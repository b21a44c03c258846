import type { SingleBar } from 'cli-progress'
import type { OnProgress, ProgressEvent } from '../core/progress.ts'
import { logLineOf } from '../logs/events.ts'
import type { Log } from '../logs/log.ts'
import type { Terminal } from './terminal.ts'
import { count, cut, displayWidth, plain, seconds } from './text.ts'

export interface Progress {
  readonly onProgress: OnProgress
  stop(): void
}

/** What is going on now. */
interface Activity {
  readonly label: string
  readonly unit: string
  readonly startedAt: number
  /** Where counting began: a fill that goes on doesn't claim the earlier work as its speed. */
  readonly from: number
  done: number
  total: number | null
  detail: string
}

/** How often something is said when there is no terminal to draw on. */
const lineEveryMs = 5_000

/** Turns events into a bar on a terminal, a line now and then elsewhere, and log lines in either case. */
export async function openProgress(terminal: Terminal, log: Log, logsToTerminal: boolean): Promise<Progress> {
  const surface = terminal.live ? await openBar(terminal) : openLines(terminal)
  // One may begin inside another: an index is built in the middle of an ingest.
  const activities: Activity[] = []
  let chunks = 0

  function begin(label: string, unit: string, done: number, total: number | null): void {
    const activity = { label, unit, startedAt: performance.now(), from: done, done, total, detail: '' }
    activities.push(activity)
    surface.show(activity)
  }
  function end(): void {
    activities.pop()
    const outer = activities.at(-1)
    if (outer === undefined) surface.clear()
    else surface.show(outer)
  }
  function say(text: string): void {
    if (!logsToTerminal) surface.say(text)
  }

  function draw(event: ProgressEvent): void {
    const activity = activities.at(-1)
    switch (event.type) {
      case 'ingest.started':
        chunks = 0
        begin('Ingesting', 'files', 0, event.files)
        return
      case 'ingest.document':
        if (activity === undefined) return
        chunks += event.chunks
        activity.done += 1
        activity.detail = count(chunks, 'chunk')
        surface.show(activity)
        return
      case 'fill.started':
        begin(`Filling ${event.model}`, 'chunks', event.doneChunks, event.totalChunks)
        return
      case 'fill.batch':
        if (activity === undefined) return
        activity.done = event.doneChunks
        activity.total = event.totalChunks
        surface.show(activity)
        return
      case 'ingest.finished':
        end()
        return
      case 'fill.finished':
        end()
        say(terminal.noteStyle.dim(logLineOf(event).message))
        return
      case 'index.building':
        begin(`Indexing ${event.model}`, 'vectors', 0, null)
        return
      case 'index.built':
        end()
        say(terminal.noteStyle.dim(logLineOf(event).message))
        return
      case 'schema.step':
        say(terminal.noteStyle.dim(`${event.step}${event.detail === '' ? '' : ` · ${plain(event.detail)}`}`))
        return
      case 'provider.retry':
      case 'warning':
        say(`${terminal.noteStyle.yellow('warning:')} ${plain(logLineOf(event).message)}`)
        return
      case 'model.switched':
        return
    }
  }

  return {
    onProgress(event) {
      log.event(event)
      draw(event)
    },
    stop: () => surface.close(),
  }
}

interface Surface {
  show(activity: Activity): void
  /** Nothing is going on any more. */
  clear(): void
  say(text: string): void
  close(): void
}

function openLines(terminal: Terminal): Surface {
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

async function openBar(terminal: Terminal): Promise<Surface> {
  const { MultiBar } = (await import('cli-progress')).default
  const style = terminal.noteStyle
  let drawn: { readonly bars: InstanceType<typeof MultiBar>; readonly bar: SingleBar } | undefined

  // Ctrl-C twice ends the process here and now; the cursor must come back all the same.
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
    parts.push(
      `${activity.done.toLocaleString('en')} of ${activity.total.toLocaleString('en')} ${activity.unit}`,
    )
  } else if (activity.done > 0) {
    parts.push(`${activity.done.toLocaleString('en')} ${activity.unit}`)
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
