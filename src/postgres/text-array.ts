/** Oid of the built-in type, the same in every database. */
const textOid = 25

/**
 * Many texts as one binary `text[]` parameter: sql`… unnest(${encodeTextArray(texts)}::text[]) …`. A literal
 * would be quoted character by character, which is slow for long texts.
 */
export function encodeTextArray(texts: readonly string[]): Buffer {
  const dimensions = texts.length === 0 ? 0 : 1
  const sizes = texts.map((text) => Buffer.byteLength(text, 'utf8'))
  const out = Buffer.allocUnsafe(sizes.reduce((bytes, size) => bytes + 4 + size, 12 + 8 * dimensions))
  let at = out.writeInt32BE(dimensions, 0)
  at = out.writeInt32BE(0, at)
  at = out.writeUInt32BE(textOid, at)
  if (dimensions === 1) {
    at = out.writeInt32BE(texts.length, at)
    at = out.writeInt32BE(1, at)
  }
  for (const [i, text] of texts.entries()) {
    at = out.writeInt32BE(sizes[i] ?? 0, at)
    at += out.write(text, at, 'utf8')
  }
  return out
}
