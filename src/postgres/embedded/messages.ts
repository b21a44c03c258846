/** A message of the simple protocol. */
export function simpleQuery(text: string): Buffer {
  const body = Buffer.from(`${text}\0`)
  const head = Buffer.alloc(5)
  head[0] = 0x51
  head.writeInt32BE(body.length + 4, 1)
  return Buffer.concat([head, body])
}
