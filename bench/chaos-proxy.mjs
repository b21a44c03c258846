// A TCP proxy before a server, on this machine only, that can do what networks do.
import { once } from 'node:events'
import { connect, createServer } from 'node:net'

/** `silence(ms)`: nothing passes, and nothing is closed; `cut()`: every connection is closed at once. */
export async function chaosProxy(databaseUrl) {
  const { port } = new URL(databaseUrl)
  const pairs = new Set()
  let silent = false
  const server = createServer((near) => {
    const far = connect(Number(port), '127.0.0.1')
    const pair = [near, far]
    pairs.add(pair)
    for (const [one, other] of [pair, [far, near]]) {
      one.on('error', () => {})
      one.on('data', (bytes) => {
        if (!silent && !pair.lost) other.write(bytes)
        // What was swallowed once is missing for good: the connection can only wait.
        else pair.lost = true
      })
      one.on('close', () => {
        pairs.delete(pair)
        other.destroy()
      })
    }
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = new URL(databaseUrl)
  url.port = String(server.address().port)
  const cut = () => {
    for (const [near, far] of pairs) {
      near.destroy()
      far.destroy()
    }
  }
  return {
    url: url.href,
    cut,
    async silence(ms) {
      silent = true
      await new Promise((resolve) => setTimeout(resolve, ms))
      silent = false
    },
    close() {
      server.close()
      cut()
    },
  }
}
