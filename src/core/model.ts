export const providerNames = [
  'openai',
  'openai-compatible',
  'cohere',
  'google',
  'mistral',
  'voyage',
  'transformers',
  'bundled',
  'lexical-hash',
  // A model that the calling program brings itself (`createRevector({ models })`).
  'custom',
] as const
export type ProviderName = (typeof providerNames)[number]

export const modelStates = ['registered', 'filling', 'standby', 'current', 'retired'] as const
export type ModelState = (typeof modelStates)[number]

/** States in which every write of a document reaches the model. */
export const writtenStates = ['current', 'filling', 'standby'] as const satisfies readonly ModelState[]

/** pgvector stores at most this many dimensions in a `vector` column. */
export const maxDimension = 16_000
