import { counted, grouped } from '../core/counted.ts'
import type { ProgressEvent } from '../core/progress.ts'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

export interface LogLine {
  readonly level: LogLevel
  readonly message: string
}

/** The one place where events become log lines. The event itself becomes the line's fields. */
export function logLineOf(event: ProgressEvent): LogLine {
  switch (event.type) {
    case 'ingest.started':
      return info(event.files === null ? 'Ingesting.' : `Ingesting ${counted(event.files, 'file')}.`)
    case 'ingest.document':
      return event.outcome === 'failed'
        ? { level: 'warn', message: `${event.path} could not be ingested.` }
        : debug(`${event.path}: ${event.outcome}, ${counted(event.chunks, 'chunk')}.`)
    case 'ingest.embedding':
      return debug(
        `Embedding with ${event.model}: ${grouped(event.doneTexts)} of ${counted(event.totalTexts, 'text')}.`,
      )
    case 'ingest.finished':
      return info(
        `Ingested ${counted(event.documents, 'document')} (${counted(event.chunks, 'chunk')}), ` +
          `${grouped(event.unchanged)} unchanged, ${grouped(event.failed)} failed.`,
      )
    case 'fill.started':
      return info(`Filling ${event.model}: ${progress(event)}.`)
    case 'fill.batch':
      return debug(`Filling ${event.model}: ${progress(event)}.`)
    case 'fill.finished':
      return info(`Filled ${event.model}: ${progress(event)}.`)
    case 'index.building':
      return info(`Building the index of ${event.model} over ${counted(event.rows, 'vector')}.`)
    case 'index.built':
      return info(`Built the index of ${event.model} in ${event.seconds.toFixed(1)} s.`)
    case 'table.rows':
      return debug(`${event.table}: ${counted(event.rows, 'row')}.`)
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

function progress(event: { readonly doneChunks: number; readonly totalChunks: number }): string {
  return `${grouped(event.doneChunks)} of ${counted(event.totalChunks, 'chunk')}`
}

function wait(ms: number): string {
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`
}
