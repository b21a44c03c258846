import { describe, expect, it } from 'vitest'
import { isRevectorError } from '../../src/core/errors.ts'
import { maxDimension } from '../../src/core/model.ts'
import {
  givesDimension,
  knownModel,
  knownModelOf,
  knownModels,
  setupModels,
  specFor,
} from '../../src/embedding/catalogue.ts'

function codeOf(work: () => unknown): string {
  try {
    work()
    return 'none'
  } catch (error) {
    if (isRevectorError(error)) return error.code
    throw error
  }
}

function hintOf(work: () => unknown): string {
  try {
    work()
    return 'none'
  } catch (error) {
    if (isRevectorError(error)) return error.hint
    throw error
  }
}

describe('the catalogue', () => {
  it('has the guide’s models with the guide’s dimensions', () => {
    const guide = {
      'all-MiniLM-L6-v2': ['transformers', 384],
      'all-mpnet-base-v2': ['transformers', 768],
      'text-embedding-ada-002': ['openai', 1536],
      'text-embedding-3-small': ['openai', 1536],
      'text-embedding-3-large': ['openai', 3072],
      'universal-sentence-encoder-lite': ['bundled', 512],
      'lexical-hash-256': ['lexical-hash', 256],
    }
    expect(Object.keys(guide)).toEqual(setupModels)
    for (const [name, [provider, dimension]] of Object.entries(guide)) {
      expect(specFor(name)).toMatchObject({ modelName: name, provider, dimension, baseUrl: null })
    }
  })

  it('says where every fact comes from, and holds together', () => {
    expect(new Set(knownModels.map((known) => known.modelName)).size).toBe(knownModels.length)
    for (const known of knownModels) {
      expect(known.source).toMatch(/^https:/)
      expect(known.checked).toMatch(/^\d{4}-\d\d-\d\d$/)
      expect(known.retirement ?? '2026-01-01').toMatch(/^\d{4}-\d\d-\d\d$/)
      expect(known.dimension).toBeLessThanOrEqual(maxDimension)
      expect(known.maxInputTokens).toBeLessThanOrEqual(known.maxBatchTokens ?? Number.POSITIVE_INFINITY)
      expect(knownModelOf(known)).toBe(known)
      if (known.distance === 'inner_product') expect(known.normalized).toBe(true)
    }
  })

  it('gives E5 and BGE the prefixes they were trained with', () => {
    expect(specFor('e5-base-v2')).toMatchObject({
      documentPrefix: 'passage: ',
      queryPrefix: 'query: ',
      pooling: 'mean',
    })
    expect(specFor('bge-base-en-v1.5')).toMatchObject({ documentPrefix: '', pooling: 'cls' })
    expect(specFor('bge-base-en-v1.5').queryPrefix).toMatch(/: $/)
  })

  it('knows lexical-hash of any dimension', () => {
    expect(specFor('lexical-hash-1').dimension).toBe(1)
    expect(specFor('lexical-hash-16000').dimension).toBe(16_000)
    expect(codeOf(() => specFor('lexical-hash-16001'))).toBe('DIMENSION_UNSUPPORTED')
    expect(knownModel('lexical-hash-0')).toBeUndefined()
  })

  it('finds a model that another server serves under its own name', () => {
    for (const remoteName of ['nomic-embed-text', 'nomic-embed-text:latest', 'BAAI/bge-m3']) {
      expect(knownModelOf({ provider: 'openai-compatible', remoteName })).toBeDefined()
    }
    expect(knownModelOf({ provider: 'openai', remoteName: 'nomic-embed-text' })).toBeUndefined()
  })
})

describe('specFor', () => {
  it('makes a second space of a known model under a name of its own', () => {
    const spec = specFor('large-256', {
      provider: 'openai',
      remoteName: 'text-embedding-3-large',
      dimension: 256,
    })
    expect(spec).toMatchObject({
      modelName: 'large-256',
      remoteName: 'text-embedding-3-large',
      dimension: 256,
    })
    expect(specFor('mini', { remoteName: 'all-MiniLM-L6-v2', provider: undefined })).toMatchObject({
      dimension: 384,
    })
  })

  it('takes an unknown model with provider and dimension, and its server’s URL', () => {
    expect(codeOf(() => specFor('mine'))).toBe('INVALID_INPUT')
    expect(hintOf(() => specFor('mine'))).toMatch(/--provider \(openai, openai-compatible,/)
    // A program brings it along; on the command line it is no provider.
    expect(hintOf(() => specFor('mine'))).not.toContain('custom')
    expect(codeOf(() => specFor('mine', { dimension: 12 }))).toBe('INVALID_INPUT')
    expect(codeOf(() => specFor('mine', { dimension: 12, provider: 'openai-compatible' }))).toBe(
      'INVALID_INPUT',
    )
    const given = {
      dimension: 12,
      provider: 'openai-compatible',
      baseUrl: 'http://127.0.0.1:1234/v1',
    } as const
    expect(specFor('mine', given)).toMatchObject({
      remoteName: 'mine',
      ...given,
      normalize: true,
      distance: 'cosine',
    })
  })

  it('refuses a width the model does not give, in the guide’s words', () => {
    expect(() => specFor('all-MiniLM-L6-v2', { dimension: 768 })).toThrow(
      /^Model exists with different dimension: /,
    )
    expect(codeOf(() => specFor('text-embedding-ada-002', { dimension: 512 }))).toBe(
      'MODEL_DIMENSION_CONFLICT',
    )
    expect(specFor('text-embedding-3-small', { dimension: 512 }).dimension).toBe(512)
    for (const dimension of [0, 1.5, 16_001, Number.NaN]) {
      expect(codeOf(() => specFor('mine', { provider: 'openai', dimension }))).toBe('DIMENSION_UNSUPPORTED')
    }
  })

  it('knows widths by list and by range', () => {
    const [voyage, google] = [knownModel('voyage-3.5'), knownModel('gemini-embedding-001')]
    if (voyage === undefined || google === undefined) throw new Error('not in the catalogue')
    expect([256, 512, 1024, 2048, 300].map((width) => givesDimension(voyage, width))).toEqual([
      true,
      true,
      true,
      true,
      false,
    ])
    expect([127, 128, 1000, 3072].map((width) => givesDimension(google, width))).toEqual([
      false,
      true,
      true,
      true,
    ])
  })
})
