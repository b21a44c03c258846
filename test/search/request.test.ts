import { expect, test } from 'vitest'
import { checkMultiModelRequest, checkRequest } from '../../src/search/request.ts'

test('what a search is without saying so', () => {
  expect(checkRequest({ query: 'q' })).toEqual({ query: 'q', topK: 5 })
  expect(checkMultiModelRequest({ query: 'q', modelNames: ['a'] })).toEqual({
    query: 'q',
    topK: 5,
    modelNames: ['a'],
    queryVectors: {},
    aggregation: 'union',
  })
})

const wrong: readonly (readonly [string, unknown, string])[] = [
  ['no query', { query: '' }, 'query'],
  ['a blank query', { query: ' \n' }, 'query'],
  ['an endless query', { query: 'x'.repeat(20_001) }, 'query'],
  ['k of 0', { query: 'q', topK: 0 }, 'topK'],
  ['k of 1,001', { query: 'q', topK: 1_001 }, 'topK'],
  ['half a k', { query: 'q', topK: 2.5 }, 'topK'],
  ['k as a text', { query: 'q', topK: '5' }, 'topK'],
  ['a score that is none', { query: 'q', minScore: Number.NaN }, 'minScore'],
  ['an infinite score', { query: 'q', minScore: Number.POSITIVE_INFINITY }, 'minScore'],
  ['an empty model name', { query: 'q', modelName: ' ' }, 'modelName'],
  ['a vector that is a list', { queryVector: [1, 2] }, 'queryVector'],
  ['a filter that does not exist', { query: 'q', filter: { author: 'x' } }, 'filter'],
  ['an empty title', { query: 'q', filter: { title: '' } }, 'filter.title'],
  ['metadata as a text', { query: 'q', filter: { metadata: 'x' } }, 'filter.metadata'],
  ['a date that is none', { query: 'q', filter: { createdAfter: new Date('x') } }, 'filter.createdAfter'],
  ['an option that does not exist', { query: 'q', limit: 3 }, ''],
]

test.each(wrong)('refuses %s', (_, request, field) => {
  expect(() => checkRequest(request as never)).toThrowError(
    expect.objectContaining({ code: 'INVALID_INPUT', data: { field } }),
  )
})

test.each([
  ['no models', { query: 'q', modelNames: [] }, 'modelNames'],
  ['a model twice', { query: 'q', modelNames: ['a', 'b', 'a'] }, 'modelNames'],
  [
    'an aggregation that does not exist',
    { query: 'q', modelNames: ['a'], aggregation: 'sum' },
    'aggregation',
  ],
  [
    'neither query nor all vectors',
    { modelNames: ['a', 'b'], queryVectors: { a: Float32Array.of(1) } },
    'query',
  ],
])('refuses %s', (_, request, field) => {
  expect(() => checkMultiModelRequest(request as never)).toThrowError(
    expect.objectContaining({ code: 'INVALID_INPUT', data: { field } }),
  )
})

test('says what it got', () => {
  expect(() => checkRequest({ query: 'q', topK: 5_000 })).toThrowError(/1 to 1,000, got 5000\./)
})

test('takes an option that is undefined for one that is absent', () => {
  const request = { query: 'q', modelNames: ['a'], serve: undefined, limit: undefined }
  expect(checkMultiModelRequest(request)).toMatchObject({ modelNames: ['a'] })
})
