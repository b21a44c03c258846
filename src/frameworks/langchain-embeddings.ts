import type { EmbeddingsInterface } from '@langchain/core/embeddings'
import { RevectorError } from '../core/errors.ts'

/** What LangChain's class keeps as the store's embeddings. */
export const noEmbeddings: EmbeddingsInterface = {
  embedQuery: async () => refuse(),
  embedDocuments: async () => refuse(),
}

function refuse(): never {
  throw new RevectorError(
    'INVALID_INPUT',
    'This store has no Embeddings: Revector embeds texts and queries itself.',
    {
      hint: 'Call addDocuments and similaritySearch, which take texts.',
    },
  )
}

/** Two parties that embed would be two vector spaces: one of them is meant. */
export function sayUnused(embeddings: unknown): void {
  if (embeddings === null || embeddings === undefined) return
  const name = typeof embeddings === 'object' ? embeddings.constructor.name : typeof embeddings
  process.emitWarning(
    `RevectorVectorStore does not use the Embeddings that it was given (${name}): Revector embeds texts and queries with ` +
      'the model that is current in its database. Pass null instead.',
    { type: 'RevectorWarning', code: 'REVECTOR_EMBEDDINGS_UNUSED' },
  )
}
