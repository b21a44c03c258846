import { parentPort } from 'node:worker_threads'
import { isRevectorError } from '../core/errors.ts'
import type { ParseJob, ParseReply } from './parse-pool.ts'
import { readDocument } from './read-document.ts'

// Runs in a worker thread, so that whatever a hostile file does here can be ended from outside with the thread.
const port = parentPort
port?.on('message', (job: ParseJob) => {
  readDocument(job.bytes, job.type, job).then(
    (document) => port.postMessage({ document } satisfies ParseReply),
    (error: unknown) => port.postMessage({ failure: failureOf(error) } satisfies ParseReply),
  )
})

function failureOf(error: unknown): Extract<ParseReply, { failure: unknown }>['failure'] {
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
