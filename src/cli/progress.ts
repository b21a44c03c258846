import { counted, grouped } from '../core/counted.ts'
import type { OnProgress, ProgressEvent } from '../core/progress.ts'
import { logLineOf } from '../logs/events.ts'
import type { Log } from '../logs/log.ts'
import { type Activity, openBar, openLines } from './progress-surface.ts'
import type { Terminal } from './terminal.ts'
import { cut, plain } from './text.ts'

export interface Progress {
  readonly onProgress: OnProgress
  stop(): void
}

/**
 * Turns events into a bar at a terminal, into occasional lines elsewhere, and into log lines in either case.
 */
export async function openProgress(terminal: Terminal, log: Log, logsToTerminal: boolean): Promise<Progress> {
  const surface = terminal.live ? await openBar(terminal) : openLines(terminal)
  // Activities may nest: an index is built in the middle of an ingest.
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
        begin('Ingesting', 'file', 0, event.files)
        return
      case 'ingest.document':
        if (activity === undefined) return
        chunks += event.chunks
        activity.done += 1
        activity.detail = counted(chunks, 'chunk')
        surface.show(activity)
        return
      case 'ingest.embedding': {
        if (activity === undefined) return
        const { doneTexts, totalTexts } = event
        const now = `embedding ${grouped(doneTexts)} of ${counted(totalTexts, 'text')}`
        activity.detail = chunks === 0 ? now : `${counted(chunks, 'chunk')} · ${now}`
        surface.show(activity)
        return
      }
      case 'fill.started':
        begin(`Filling ${event.model}`, 'chunk', event.doneChunks, event.totalChunks)
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
        begin(`Indexing ${event.model}`, 'vector', 0, null)
        return
      case 'index.built':
        end()
        say(terminal.noteStyle.dim(logLineOf(event).message))
        return
      case 'schema.step': {
        const text = `${event.step}${event.detail === '' ? '' : ` · ${plain(event.detail)}`}`
        say(terminal.noteStyle.dim(terminal.live ? cut(text, terminal.width - 1) : text))
        return
      }
      case 'provider.retry':
      case 'warning':
        say(`${terminal.noteStyle.yellow('warning:')} ${plain(logLineOf(event).message)}`)
        return
      case 'table.rows':
        begin(`Moving to ${event.table}`, 'row', event.rows, null)
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
