import { createServer, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

/** A server of which only the first answers are needed: it lets everyone in and has one row for every query. */
export async function fakePostgres(
  row: Readonly<Record<string, string | number | boolean | null>>,
): Promise<string> {
  const answer = Buffer.concat([rowDescription(row), dataRow(row), message('C', text('SELECT 1')), ready])
  const server = createServer((socket) => {
    let started = false
    socket.on('error', () => {})
    socket.on('data', (bytes) => {
      if (!started) {
        started = true
        socket.write(Buffer.concat([message('R', Buffer.alloc(4)), ready]))
      } else if (bytes[0] === 0x51) socket.write(answer)
    })
  })
  return listen(server)
}

/** A server that takes connections and never says a word. */
export function silentServer(): Promise<string> {
  return listen(createServer((socket) => void socket.on('error', () => {})))
}

function listen(server: ReturnType<typeof createServer>): Promise<string> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket) => sockets.add(socket))
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? `127.0.0.1:${address.port}` : '')
    })
  })
}

type Row = Parameters<typeof fakePostgres>[0]

const ready = message('Z', Buffer.from('I'))

function rowDescription(row: Row): Buffer {
  const fields = Object.entries(row).map(([name, value]) => {
    const rest = Buffer.alloc(18)
    // int4, bool, text: what `pg` reads values as.
    rest.writeInt32BE(typeof value === 'number' ? 23 : typeof value === 'boolean' ? 16 : 25, 6)
    return Buffer.concat([text(name), rest])
  })
  return message('T', Buffer.concat([int16(fields.length), ...fields]))
}

function dataRow(row: Row): Buffer {
  const values = Object.values(row).map((value) => {
    if (value === null) return int32(-1)
    const bytes = Buffer.from(typeof value === 'boolean' ? (value ? 't' : 'f') : String(value))
    return Buffer.concat([int32(bytes.length), bytes])
  })
  return message('D', Buffer.concat([int16(values.length), ...values]))
}

function message(type: string, body: Buffer): Buffer {
  return Buffer.concat([Buffer.from(type), int32(body.length + 4), body])
}

function text(value: string): Buffer {
  return Buffer.from(`${value}\0`)
}

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeInt16BE(value)
  return bytes
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}
