import { expect, it } from 'vitest'
import { openApp } from './open-app.ts'

it("a small file of one key is stored while another key's four bombs are being read", async () => {
  const { app, revector } = await openApp({})
  const key = async (name: string) => (await revector.keys.create({ name, scope: 'write' })).secret
  const [a, b] = [await key('a'), await key('b')]
  const at = await app.listen({ host: '127.0.0.1', port: 0 })
  const gone = new AbortController()
  const upload = (secret: string, name: string, content: string, signal?: AbortSignal) => {
    const body = new FormData()
    body.append('files', new Blob([content]), name)
    const headers = { authorization: `Bearer ${secret}` }
    return fetch(`${at}/api/v1/documents`, { method: 'POST', headers, body, signal })
  }
  // Each takes half a minute, if it is not ended; four are as many as one key may have.
  const bomb = `<p>${'<'.repeat(1_900_000)}`
  const untilTaken = async (n: number): Promise<number | 'ended'> => {
    const { status } = await upload(a, `${n}.html`, bomb, gone.signal)
    return status === 503 ? untilTaken(n) : status
  }
  const bombs = [1, 2, 3, 4].map((n) => untilTaken(n).catch(() => 'ended'))
  // An upload without a file takes a place and leaves it at once; when there is none, the bombs have them all.
  const empty = { method: 'POST', headers: { authorization: `Bearer ${a}` } }
  let refused: Response
  do {
    const body = new FormData()
    body.append('metadata', '{}')
    refused = await fetch(`${at}/api/v1/documents`, { ...empty, body })
  } while (refused.status !== 503)
  expect(await refused.json()).toMatchObject({ code: 'OVERLOADED' })
  const stored = await upload(b, 'page.html', '<p>Owls hunt at night.')
  expect(await stored.json()).toMatchObject({ documents: 1, failed: [] })
  gone.abort()
  expect(await Promise.all(bombs)).toEqual(['ended', 'ended', 'ended', 'ended'])
})
