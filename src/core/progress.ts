import type { DocumentId } from './document.ts'

/**
 * The one union of events that long calls report: it feeds progress bars, logs and metrics.
 * Counts are cumulative within one call.
 */
export type ProgressEvent =
  | { readonly type: 'ingest.started'; readonly files: number | null }
  | {
      readonly type: 'ingest.document'
      readonly path: string
      /** Of its document; absent where it failed. */
      readonly id?: DocumentId
      readonly outcome: 'added' | 'changed' | 'unchanged' | 'failed'
      readonly chunks: number
    }
  | {
      /** Of the documents of the current batch, which are stored together once all their texts are embedded. */
      readonly type: 'ingest.embedding'
      readonly model: string
      readonly totalTexts: number
      readonly doneTexts: number
    }
  | {
      readonly type: 'ingest.finished'
      readonly documents: number
      readonly chunks: number
      readonly unchanged: number
      readonly failed: number
    }
  | {
      readonly type: 'fill.started'
      readonly model: string
      readonly totalChunks: number
      readonly doneChunks: number
    }
  | {
      readonly type: 'fill.batch'
      readonly model: string
      readonly totalChunks: number
      readonly doneChunks: number
      readonly tokens: number
    }
  | {
      readonly type: 'fill.finished'
      readonly model: string
      readonly totalChunks: number
      readonly doneChunks: number
    }
  | {
      readonly type: 'index.building'
      readonly model: string
      readonly rows: number
      /** 0 to 1, if the engine reports it. */
      readonly fraction?: number
    }
  | { readonly type: 'index.built'; readonly model: string; readonly rows: number; readonly seconds: number }
  /** Rows of an application that a table made like its own has so far. */
  | { readonly type: 'table.rows'; readonly table: string; readonly rows: number }
  | { readonly type: 'model.switched'; readonly from: string | null; readonly to: string }
  | {
      readonly type: 'schema.step'
      readonly revision: number
      readonly step: string
      readonly detail: string
    }
  | {
      readonly type: 'provider.retry'
      readonly model: string
      readonly attempt: number
      readonly waitMs: number
      readonly reason: string
    }
  | { readonly type: 'warning'; readonly message: string }

export type OnProgress = (event: ProgressEvent) => void

/** Options of every long call. */
export interface CallOptions {
  readonly signal?: AbortSignal
  readonly onProgress?: OnProgress
}
