/** The wire formats of hosted embedding providers: how a request carries its texts, and a reply its vectors. */
export interface Wire {
  readonly textsOf: (body: WireBody) => string[]
  /** `indexes`: the place each vector claims, where the format says it. */
  readonly replyOf: (vectors: readonly unknown[], indexes: readonly number[], path: string) => object
  readonly errorOf: (message: string) => object
}

export interface WireBody {
  readonly input?: string[]
  readonly texts?: string[]
  readonly content?: WireContent
  readonly requests?: readonly { readonly content: WireContent }[]
  readonly [field: string]: unknown
}

interface WireContent {
  readonly parts: readonly { readonly text: string }[]
}

const openai: Wire = {
  textsOf: (body) => body.input ?? [],
  replyOf: (vectors, indexes) => ({
    object: 'list',
    model: 'fake',
    data: vectors.map((embedding, at) => ({ object: 'embedding', index: indexes[at], embedding })),
    usage: { prompt_tokens: 7, total_tokens: 7 },
  }),
  errorOf: (message) => ({ error: { message, type: 'invalid_request_error', param: null, code: null } }),
}

const cohere: Wire = {
  textsOf: (body) => body.texts ?? [],
  replyOf: (vectors) => ({
    id: 'fake',
    embeddings: { float: vectors },
    meta: { billed_units: { input_tokens: 7 } },
  }),
  errorOf: (message) => ({ message }),
}

const textOf = (content: WireContent | undefined) => content?.parts[0]?.text ?? ''

const google: Wire = {
  textsOf: (body) => body.requests?.map((request) => textOf(request.content)) ?? [textOf(body.content)],
  replyOf: (vectors, _indexes, path) =>
    path.includes(':batch')
      ? { embeddings: vectors.map((values) => ({ values })) }
      : { embedding: { values: vectors[0] } },
  errorOf: (message) => ({ error: { code: 400, message, status: 'INVALID_ARGUMENT' } }),
}

const mistral: Wire = {
  ...openai,
  errorOf: (message) => ({
    object: 'error',
    message,
    type: 'invalid_request_error',
    param: null,
    code: null,
  }),
}

const voyage: Wire = { ...openai, errorOf: (detail) => ({ detail }) }

export const wires = { openai, 'openai-compatible': openai, cohere, google, mistral, voyage } as const
