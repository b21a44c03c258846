import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { decode, encode, wireSchema } from '../../src/wire/codec.ts'

const hit = z
  .strictObject({
    chunkId: z.string(),
    score: z.number().describe('Higher is better.'),
    models: z.record(z.string(), z.strictObject({ bestRank: z.int() })),
    metadata: z.record(z.string(), z.unknown()),
    headingPath: z.array(z.string()).readonly(),
    createdAt: z.date().nullable(),
    tookMs: z.number().optional(),
  })
  .meta({ id: 'CodecTestHit' })

const value = {
  chunkId: 'c',
  score: 1,
  models: { 'text-embedding-3-large': { bestRank: 1 }, camelCase: { bestRank: 2 } },
  metadata: { someKey: { nestedKey: [1] } },
  headingPath: ['A'],
  createdAt: new Date('2026-11-30T10:00:00Z'),
}
const json = {
  chunk_id: 'c',
  score: 1,
  models: { 'text-embedding-3-large': { best_rank: 1 }, camelCase: { best_rank: 2 } },
  metadata: { someKey: { nestedKey: [1] } },
  heading_path: ['A'],
  created_at: '2026-11-30T10:00:00.000Z',
}

describe('the codec', () => {
  it('writes snake_case and ISO dates, and leaves the keys of records alone', () => {
    expect(encode(hit, value)).toStrictEqual(json)
  })

  it('reads back what it wrote', () => {
    expect(decode(hit, wireSchema(hit).parse(json))).toStrictEqual(value)
  })

  it('gives only what the schema names', () => {
    expect(encode(hit, { ...value, secret: 'x' } as typeof value)).toStrictEqual(json)
  })

  it('leaves objects alone that are open to further fields', () => {
    const headers = z.looseObject({ lastEventId: z.string().optional() })
    expect(wireSchema(headers)).toBe(headers)
    expect(encode(headers, { accept: 'x', lastEventId: 'y' })).toStrictEqual({
      accept: 'x',
      lastEventId: 'y',
    })
  })

  it('refuses in the words of the JSON', () => {
    const { error } = wireSchema(hit).safeParse({ ...json, chunk_id: 1, other: 1 })
    expect(error?.issues.map(({ path, code }) => [path.join('.'), code])).toEqual([
      ['chunk_id', 'invalid_type'],
      ['', 'unrecognized_keys'],
    ])
  })

  it('keeps descriptions and names for OpenAPI', () => {
    const { $defs } = z.toJSONSchema(wireSchema(hit))
    expect($defs?.['CodecTestHit']).toMatchObject({
      properties: { score: { description: 'Higher is better.' } },
    })
    expect(z.globalRegistry.get(wireSchema(hit))).toMatchObject({ id: 'CodecTestHit' })
  })

  it('tells the members of a union by their discriminator', () => {
    const event = z.discriminatedUnion('type', [
      z.strictObject({ type: z.literal('text'), someText: z.string() }),
      z.strictObject({ type: z.literal('done'), tookMs: z.number() }),
    ])
    expect(encode(event, { type: 'done', tookMs: 2 })).toStrictEqual({ type: 'done', took_ms: 2 })
    expect(wireSchema(event).parse({ type: 'text', some_text: 'a' })).toEqual({
      type: 'text',
      some_text: 'a',
    })
  })

  it('refuses a union that it could not tell apart', () => {
    const union = z.union([z.strictObject({ oneKey: z.string() }), z.strictObject({ twoKeys: z.string() })])
    expect(() => wireSchema(union)).toThrow('discriminator')
  })
})
