import { randomUUID } from 'node:crypto'
import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { RevectorError } from '../core/errors.ts'
import { createRedactor } from '../logs/redact.ts'
import { problemType, refusalOf } from './problem.ts'

/** Replies to bytes that Node could not parse as a request, and closes the connection. */
export function answerClientError(error: Error & { readonly code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const refusal = refusalOf(refusedAs(error.code), { requestId: randomUUID(), redactor: createRedactor() })
  const body = JSON.stringify(refusal.body)
  const head = [
    `HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status]}`,
    `content-type: ${problemType}`,
    `content-length: ${Buffer.byteLength(body)}`,
    `x-request-id: ${refusal.body.request_id}`,
    'connection: close',
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
}

function refusedAs(code: string | undefined): RevectorError {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return new RevectorError('REQUEST_TIMEOUT', 'The request did not arrive completely in time.', {
      hint: 'Send it again, in smaller parts if it is large.',
    })
  }
  if (code === 'HPE_HEADER_OVERFLOW') {
    return new RevectorError('REQUEST_TOO_LARGE', 'The request’s headers are too large.', {
      hint: 'Send fewer.',
    })
  }
  return new RevectorError('REQUEST_MALFORMED', 'This is not a valid HTTP request.', {
    hint: 'Send HTTP/1.1.',
  })
}
