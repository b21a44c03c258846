import type { ProgressEvent } from '../core/progress.ts'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

export interface LogLine {
  readonly level: LogLevel
  readonly message: string
}

/** The one place where events become log lines. The event itself goes along as the line's fields. */
export function logLineOf(event: ProgressEvent): LogLine {
  switch (event.type) {
    case 'ingest.started':
      return info(event.files === null ? 'Ingesting.' : `Ingesting ${count(event.files, 'file')}.`)
    case 'ingest.document':
      return event.outcome === 'failed'
        ? { level: 'warn', message: `${event.path} could not be ingested.` }
        : debug(`${event.path}: ${event.outcome}, ${count(event.chunks, 'chunk')}.`)
    case 'ingest.embedding':
      return debug(
        `Embedding with ${event.model}: ${event.doneTexts.toLocaleString('en')} of ${count(event.totalTexts, 'text')}.`,
      )
    case 'ingest.finished':
      return info(
        `Ingested ${count(event.documents, 'document')} (${count(event.chunks, 'chunk')}), ` +
          `${event.unchanged.toLocaleString('en')} unchanged, ${event.failed.toLocaleString('en')} failed.`,
      )
    case 'fill.started':
      return info(`Filling ${event.model}: ${progress(event)}.`)
    case 'fill.batch':
      return debug(`Filling ${event.model}: ${progress(event)}.`)
    case 'fill.finished':
      return info(`Filled ${event.model}: ${progress(event)}.`)
    case 'index.building':
      return info(`Building the index of ${event.model} over ${count(event.rows, 'vector')}.`)
    case 'index.built':
      return info(`Built the index of ${event.model} in ${event.seconds.toFixed(1)} s.`)
    case 'model.switched':
      return info(`Searches now use ${event.to} (before: ${event.from ?? 'none'}).`)
    case 'schema.step':
      return info(
        `Revision ${event.revision}: ${event.step}${event.detail === '' ? '' : `: ${event.detail}`}`,
      )
    case 'provider.retry':
      return {
        level: 'warn',
        message: `${event.model}: attempt ${event.attempt} failed (${event.reason}); trying again in ${wait(event.waitMs)}.`,
      }
    case 'warning':
      return { level: 'warn', message: event.message }
  }
}

const info = (message: string): LogLine => ({ level: 'info', message })
const debug = (message: string): LogLine => ({ level: 'debug', message })

function count(n: number, noun: string): string {
  return `${n.toLocaleString('en')} ${noun}${n === 1 ? '' : 's'}`
}

function progress(event: { readonly doneChunks: number; readonly totalChunks: number }): string {
  return `${event.doneChunks.toLocaleString('en')} of ${count(event.totalChunks, 'chunk')}`
}

function wait(ms: number): string {
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`
}
