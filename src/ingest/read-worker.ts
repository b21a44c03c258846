import { parentPort } from 'node:worker_threads'
import { isRevectorError } from '../core/errors.ts'
import type { ReadJob, ReadReply } from '../parsing/process-messages.ts'
import { buffersOf, type PackedDocument, packDocument } from './packed-document.ts'
import { readAndSplit } from './read-and-split.ts'

// Runs in a thread of another process, so that whatever a hostile file does here can be ended with the process.
const port = parentPort
port?.on('message', (job: ReadJob) => {
  readAndSplit(job).then(
    (document) => {
      const result = packDocument(document)
      port.postMessage({ result } satisfies ReadReply<PackedDocument>, buffersOf(result))
    },
    (error: unknown) => port.postMessage({ failure: failureOf(error) } satisfies ReadReply<PackedDocument>),
  )
})

function failureOf(error: unknown): Extract<ReadReply<unknown>, { failure: unknown }>['failure'] {
  if (isRevectorError(error)) {
    return { code: error.code, message: error.message, hint: error.hint, data: error.data }
  }
  const reason =
    error instanceof Error ? `${error.name}: ${error.message.split('\n')[0]}` : 'an unknown error'
  return {
    code: 'PARSE_FAILED',
    message: `The parser failed (${reason.slice(0, 300)}).`,
    hint: 'Open the file in a viewer; if that works, save it again and ingest that.',
    data: {},
  }
}
