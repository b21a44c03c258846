import type { RevectorError } from '../core/errors.ts'
import type { EmbeddingModel, EmbedEachOptions } from './contract.ts'

/** What a model made of documents' texts, by content hash. */
export interface EmbeddedTexts {
  readonly vectors: ReadonlyMap<string, Float32Array>
  /** Texts that this model can't embed. */
  readonly refused: ReadonlyMap<string, RevectorError>
  readonly tokens: number
}

/**
 * Embeds texts that are to be stored, each once: `texts` by content hash.
 *
 * @throws RevectorError of the provider, where no single text is at fault; INTERRUPTED
 */
export async function embedTexts(
  model: EmbeddingModel,
  texts: ReadonlyMap<string, string>,
  options: Omit<EmbedEachOptions, 'kind'>,
): Promise<EmbeddedTexts> {
  const vectors = new Map<string, Float32Array>()
  const refused = new Map<string, RevectorError>()
  if (texts.size === 0) return { vectors, refused, tokens: 0 }
  const { outcomes, tokens } = await model.embedEach([...texts.values()], { ...options, kind: 'document' })
  for (const [place, hash] of [...texts.keys()].entries()) {
    const outcome = outcomes[place]
    if (outcome?.vector !== undefined) vectors.set(hash, outcome.vector)
    else if (outcome !== undefined) refused.set(hash, outcome.error)
  }
  return { vectors, refused, tokens }
}
