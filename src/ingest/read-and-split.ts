import { createHash } from 'node:crypto'
import type { SplitDocument } from '../core/document.ts'
import type { ReadJob } from '../parsing/process-messages.ts'
import { readDocument } from '../parsing/read-document.ts'
import { splitDocument } from '../splitting/split.ts'

/** @throws RevectorError PARSE_FAILED, DOCUMENT_EMPTY, FILE_TOO_LARGE, INVALID_INPUT */
export async function readAndSplit(job: ReadJob): Promise<SplitDocument> {
  const parsed = await readDocument(job.bytes, job.type, job)
  return {
    ...parsed,
    chunks: splitDocument(parsed, job.chunks),
    textHash: createHash('sha256').update(parsed.text).digest('hex'),
  }
}
