import { isRevectorError } from '../core/errors.ts'
import type { OnProgress } from '../core/progress.ts'
import type { FailedFile, IngestReport } from '../wire/ingest.ts'
import type { PreparedDocument } from './prepare.ts'
import type { WrittenDocument } from './write.ts'

export type IngestCounts = Omit<IngestReport, 'models' | 'pending' | 'seconds'>

/** Counts the results of a run and reports each document as it is done. */
export interface IngestTally {
  written(document: PreparedDocument, written: WrittenDocument | undefined): void | Promise<void>
  /** `document` is what was to be written; absent where it could not be prepared. */
  failed(path: string, error: unknown, document?: PreparedDocument): void | Promise<void>
  skipped(path: string): void
  counts(): IngestCounts
}

export function tallyIngest(onProgress: OnProgress | undefined): IngestTally {
  let documents = 0
  let chunks = 0
  let unchanged = 0
  let skipped = 0
  const failed: FailedFile[] = []
  function fail(path: string, error: unknown): void {
    const known = isRevectorError(error)
    const message = error instanceof Error ? error.message : String(error)
    failed.push({ path, code: known ? error.code : 'INTERNAL', message })
    onProgress?.({ type: 'ingest.document', path, outcome: 'failed', chunks: 0 })
  }
  return {
    failed: fail,
    written(document, written) {
      if (written === undefined) throw new Error(`There is no result for ${document.path}`)
      if (written.outcome === 'failed') return fail(document.path, written.error)
      if (written.outcome === 'unchanged') unchanged += 1
      else {
        documents += 1
        chunks += written.chunks
      }
      const { id, outcome } = written
      onProgress?.({ type: 'ingest.document', path: document.path, id, outcome, chunks: written.chunks })
    },
    skipped() {
      skipped += 1
    },
    counts: () => ({ documents, chunks, unchanged, skipped, failed }),
  }
}
