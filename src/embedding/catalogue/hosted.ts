import type { KnownModel } from './known-model.ts'

/** Most of these distinguish documents and queries by a request parameter, not by a prefix. */
const hosted = {
  otherDimensions: [],
  normalized: true,
  pooling: '',
  documentPrefix: '',
  queryPrefix: '',
  distance: 'cosine',
  tokenizer: 'estimate',
  retirement: null,
  requestsPerMinute: null,
  tokensPerMinute: null,
  checked: '2026-11-22',
} as const satisfies Partial<KnownModel>

const cohere = {
  ...hosted,
  provider: 'cohere',
  maxBatchItems: 96,
  source: 'https://docs.cohere.com/docs/cohere-embed',
} as const

const cohereV3 = { ...cohere, maxInputTokens: 512, maxBatchTokens: null, pricePerMillionTokens: 0.1 } as const

const google = {
  ...hosted,
  provider: 'google',
  maxBatchItems: 100,
  maxBatchTokens: null,
  otherDimensions: { from: 128, to: 3072 },
  source:
    'https://ai.google.dev/gemini-api/docs/embeddings, https://ai.google.dev/gemini-api/docs/deprecations',
} as const

const mistral = {
  ...hosted,
  provider: 'mistral',
  maxInputTokens: 8192,
  // "Too many tokens in batch. Max is 16384"; the client library sends 32 texts at most.
  maxBatchTokens: 16_384,
  maxBatchItems: 32,
  source: 'https://docs.mistral.ai/capabilities/embeddings',
} as const

const voyage = {
  ...hosted,
  provider: 'voyage',
  maxInputTokens: 32_000,
  dimension: 1024,
  otherDimensions: [256, 512, 2048],
  // The service accepts 1,000; the client library 128.
  maxBatchItems: 128,
  requestsPerMinute: 2000,
  source: 'https://docs.voyageai.com/docs/embeddings, https://docs.voyageai.com/docs/rate-limits',
} as const

const large = { maxBatchTokens: 120_000, tokensPerMinute: 3_000_000 } as const
const middle = { maxBatchTokens: 320_000, tokensPerMinute: 8_000_000 } as const
const lite = { maxBatchTokens: 1_000_000, tokensPerMinute: 16_000_000 } as const

export const hostedModels: readonly KnownModel[] = [
  {
    ...cohere,
    modelName: 'embed-v4.0',
    remoteName: 'embed-v4.0',
    dimension: 1536,
    otherDimensions: [256, 512, 1024],
    maxInputTokens: 128_000,
    maxBatchTokens: 128_000,
    pricePerMillionTokens: 0.12,
  },
  { ...cohereV3, modelName: 'embed-english-v3.0', remoteName: 'embed-english-v3.0', dimension: 1024 },
  {
    ...cohereV3,
    modelName: 'embed-english-light-v3.0',
    remoteName: 'embed-english-light-v3.0',
    dimension: 384,
  },
  {
    ...cohereV3,
    modelName: 'embed-multilingual-v3.0',
    remoteName: 'embed-multilingual-v3.0',
    dimension: 1024,
  },
  {
    ...cohereV3,
    modelName: 'embed-multilingual-light-v3.0',
    remoteName: 'embed-multilingual-light-v3.0',
    dimension: 384,
  },
  {
    ...google,
    modelName: 'gemini-embedding-001',
    remoteName: 'gemini-embedding-001',
    dimension: 3072,
    maxInputTokens: 2048,
    pricePerMillionTokens: 0.15,
    retirement: '2028-05-14',
  },
  {
    ...google,
    modelName: 'gemini-embedding-2',
    remoteName: 'gemini-embedding-2',
    dimension: 3072,
    maxInputTokens: 8192,
    // This model takes the task in the text, not as a parameter.
    documentPrefix: 'title: none | text: ',
    queryPrefix: 'task: search result | query: ',
    pricePerMillionTokens: 0.2,
  },
  {
    ...mistral,
    modelName: 'mistral-embed',
    remoteName: 'mistral-embed',
    dimension: 1024,
    pricePerMillionTokens: 0.1,
  },
  {
    ...mistral,
    modelName: 'codestral-embed',
    remoteName: 'codestral-embed',
    dimension: 1536,
    pricePerMillionTokens: 0.15,
  },
  {
    ...voyage,
    ...large,
    modelName: 'voyage-4-large',
    remoteName: 'voyage-4-large',
    pricePerMillionTokens: 0.12,
  },
  { ...voyage, ...middle, modelName: 'voyage-4', remoteName: 'voyage-4', pricePerMillionTokens: 0.06 },
  {
    ...voyage,
    ...lite,
    modelName: 'voyage-4-lite',
    remoteName: 'voyage-4-lite',
    pricePerMillionTokens: 0.02,
  },
  {
    ...voyage,
    ...large,
    modelName: 'voyage-3-large',
    remoteName: 'voyage-3-large',
    pricePerMillionTokens: 0.18,
  },
  { ...voyage, ...middle, modelName: 'voyage-3.5', remoteName: 'voyage-3.5', pricePerMillionTokens: 0.06 },
  {
    ...voyage,
    ...lite,
    modelName: 'voyage-3.5-lite',
    remoteName: 'voyage-3.5-lite',
    pricePerMillionTokens: 0.02,
  },
  {
    ...voyage,
    ...large,
    modelName: 'voyage-code-3',
    remoteName: 'voyage-code-3',
    pricePerMillionTokens: 0.18,
  },
]
