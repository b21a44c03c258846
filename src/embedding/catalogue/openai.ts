import type { KnownModel } from './known-model.ts'

const common = {
  provider: 'openai',
  maxInputTokens: 8191,
  maxBatchItems: 2048,
  maxBatchTokens: 300_000,
  normalized: true,
  pooling: '',
  documentPrefix: '',
  queryPrefix: '',
  distance: 'cosine',
  tokenizer: 'cl100k',
  retirement: null,
  requestsPerMinute: 3000,
  tokensPerMinute: 1_000_000,
  source:
    'https://developers.openai.com/api/docs/models, https://developers.openai.com/api/docs/deprecations',
  checked: '2026-11-22',
} as const satisfies Partial<KnownModel>

export const openaiModels: readonly KnownModel[] = [
  {
    ...common,
    modelName: 'text-embedding-ada-002',
    remoteName: 'text-embedding-ada-002',
    dimension: 1536,
    otherDimensions: [],
    pricePerMillionTokens: 0.1,
  },
  {
    ...common,
    modelName: 'text-embedding-3-small',
    remoteName: 'text-embedding-3-small',
    dimension: 1536,
    otherDimensions: { from: 1, to: 1536 },
    pricePerMillionTokens: 0.02,
  },
  {
    ...common,
    modelName: 'text-embedding-3-large',
    remoteName: 'text-embedding-3-large',
    dimension: 3072,
    otherDimensions: { from: 1, to: 3072 },
    pricePerMillionTokens: 0.13,
  },
]
