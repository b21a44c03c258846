import { simpleQuery } from './messages.ts'

const query = 0x51 // Q
const parse = 0x50 // P
const copyIn = /(?:^|;)\s*copy\b[^;]*\bfrom\s+stdin\b/i
const refusal = `do $$ begin raise exception using errcode = '0A000',
  message = 'COPY FROM STDIN is not supported by the embedded engine: insert from unnest() instead'; end $$`

/**
 * The engine would wait forever for the rows of COPY FROM STDIN inside one call. It is replaced by a statement
 * that fails with a clear sentence, so that everything around it behaves as after any other failed statement.
 */
export function refuseCopyIn(message: Buffer): Buffer {
  if (message[0] !== query && message[0] !== parse) return message
  // Far longer than the beginning of any COPY; megabytes of text need not be searched.
  const head = message.subarray(5, 5 + 10_000).toString('latin1')
  if (!/copy/i.test(head)) return message
  if (message[0] === query) return copyIn.test(head) ? simpleQuery(refusal) : message
  const nameEnd = message.indexOf(0, 5)
  const text = message.toString('latin1', nameEnd + 1, Math.min(message.length, nameEnd + 10_000))
  return copyIn.test(text) ? parseMessage(message.subarray(5, nameEnd + 1)) : message
}

function parseMessage(name: Buffer): Buffer {
  const body = Buffer.concat([name, Buffer.from(`${refusal}\0`), Buffer.alloc(2)])
  const head = Buffer.alloc(5)
  head[0] = parse
  head.writeInt32BE(body.length + 4, 1)
  return Buffer.concat([head, body])
}
