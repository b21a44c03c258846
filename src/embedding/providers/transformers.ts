import { join } from 'node:path'
import { RevectorError } from '../../core/errors.ts'
import type { ModelSpec } from '../../wire/model.ts'
import type { ProviderEnvironment } from '../contract.ts'
import type { RawModel } from '../raw-model.ts'

/** The optional package; only its types are needed if it is absent. */
type Library = typeof import('@huggingface/transformers')

const packageName = '@huggingface/transformers'

/**
 * A model that transformers.js runs on this machine: from a folder of models (`localModelPath`: nothing is
 * downloaded then), or from the hub, whose files are kept in `cacheDir`. Always the float32 weights: quantised
 * ones are another space.
 *
 * @throws RevectorError PROVIDER_PACKAGE_MISSING, PROVIDER_UNAVAILABLE (the hub), PROVIDER_REFUSED (the folder)
 */
export async function openTransformers(
  spec: ModelSpec,
  environment: ProviderEnvironment,
  load: () => Promise<Library> = () => import('@huggingface/transformers'),
): Promise<RawModel> {
  if (spec.pooling !== 'mean' && spec.pooling !== 'cls') {
    throw new RevectorError(
      'INVALID_INPUT',
      `Pooling must be mean or cls: ${spec.modelName} has "${spec.pooling}".`,
      { data: { model: spec.modelName, pooling: spec.pooling } },
    )
  }
  const library = await loadLibrary(spec, load)
  const { tokenizer, model } = await loadModel(library, spec, environment)
  const tokensOf = (text: string, marks: boolean) =>
    tokenizer.encode(text, { add_special_tokens: marks }).length
  const maxInputTokens = inputLimit(tokenizer, model.config)

  return {
    ...(maxInputTokens === null ? {} : { maxInputTokens }),
    markTokens: tokensOf('', true),
    countTokens: (text) => tokensOf(text, false),
    async embedBatch(texts) {
      // Never truncated: windows have made every text fit, and one that doesn't is an error of the model.
      const inputs = tokenizer([...texts], { padding: true, truncation: false })
      const output = await model(inputs)
      const vectors = pooled(output, inputs.attention_mask, spec.pooling === 'cls')
      let tokens = 0
      for (const mark of inputs.attention_mask.data) tokens += Number(mark)
      return { vectors, indexes: null, tokens }
    },
    async close() {
      await model.dispose()
    },
  }
}

async function loadLibrary(spec: ModelSpec, load: () => Promise<Library>): Promise<Library> {
  try {
    return await load()
  } catch (cause) {
    throw new RevectorError(
      'PROVIDER_PACKAGE_MISSING',
      `Model ${spec.modelName} runs in transformers.js, but ${packageName} is not installed.`,
      {
        hint: `Run npm install ${packageName}, or use universal-sentence-encoder-lite, which needs no other package.`,
        data: { model: spec.modelName, package: packageName },
        cause,
      },
    )
  }
}

async function loadModel(
  library: Library,
  spec: ModelSpec,
  { localModelPath, cacheDir }: ProviderEnvironment,
) {
  const { env, AutoTokenizer, AutoModel } = library
  // The library has one configuration for the whole process.
  env.logLevel = library.LogLevel.ERROR
  env.allowRemoteModels = localModelPath === null
  // By default it would keep downloads inside node_modules, where the next install removes them.
  if (cacheDir !== '') env.cacheDir = join(cacheDir, 'transformers')
  if (localModelPath !== null) {
    env.allowLocalModels = true
    env.localModelPath = localModelPath
  }
  const options = spec.revision === '' ? {} : { revision: spec.revision }
  try {
    const [tokenizer, model] = await Promise.all([
      AutoTokenizer.from_pretrained(spec.remoteName, options),
      AutoModel.from_pretrained(spec.remoteName, { ...options, dtype: 'fp32' }),
    ])
    return { tokenizer, model }
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    const place = localModelPath === null ? 'the Hugging Face hub' : `the folder ${localModelPath}`
    throw new RevectorError(
      localModelPath === null ? 'PROVIDER_UNAVAILABLE' : 'PROVIDER_REFUSED',
      `Model ${spec.modelName} (${spec.remoteName}) could not be loaded from ${place}: ${reason}`,
      {
        hint:
          localModelPath === null
            ? 'Check the network, or set REVECTOR_LOCAL_MODELS to a folder that contains the model.'
            : `Revector expects ${spec.remoteName}/ with config.json, tokenizer.json and onnx/model.onnx.`,
        data: { model: spec.modelName, remoteName: spec.remoteName },
        cause,
      },
    )
  }
}

/** Architectures whose positions begin at 2. */
const offsetPositions: ReadonlySet<string> = new Set(['roberta', 'xlm-roberta', 'camembert', 'mpnet'])

/** The limits of tokenizer and model; null if neither has one. Some tokenizers say 10³⁰ for "unknown". */
function inputLimit(tokenizer: unknown, config: unknown): number | null {
  const { model_max_length: tokens } = tokenizer as { model_max_length?: number }
  const { max_position_embeddings: positions, model_type: type = '' } = config as {
    max_position_embeddings?: number
    model_type?: string
  }
  const usable = (positions ?? Number.POSITIVE_INFINITY) - (offsetPositions.has(type) ? 2 : 0)
  const limit = Math.min(tokens ?? Number.POSITIVE_INFINITY, usable)
  return limit > 1e9 ? null : limit
}

interface TensorLike {
  readonly dims: readonly number[]
  readonly data: ArrayLike<number | bigint>
}

/** One vector per text from the vectors of its tokens; exports that pool by themselves are used as they are. */
function pooled(output: Record<string, TensorLike>, mask: TensorLike, first: boolean): Float32Array[] {
  const tokens = output['last_hidden_state'] ?? output['token_embeddings']
  if (tokens === undefined)
    return rowsOf(output['sentence_embedding'] ?? output['embeddings'], Object.keys(output))
  const [texts = 0, places = 0, width = 0] = tokens.dims
  return Array.from({ length: texts }, (_, text) => {
    const sum = new Float64Array(width)
    let counted = 0
    for (let place = 0; place < (first ? 1 : places); place += 1) {
      if (Number(mask.data[text * places + place]) === 0) continue
      counted += 1
      const start = (text * places + place) * width
      for (let at = 0; at < width; at += 1) sum[at] = (sum[at] ?? 0) + Number(tokens.data[start + at])
    }
    return Float32Array.from(sum, (value) => value / counted)
  })
}

function rowsOf(tensor: TensorLike | undefined, outputs: readonly string[]): Float32Array[] {
  if (tensor === undefined) throw new Error(`The model returns ${outputs.join(', ')}, but no token vectors.`)
  const [texts = 0, width = 0] = tensor.dims
  const row = (text: number) =>
    Float32Array.from({ length: width }, (_, at) => Number(tensor.data[text * width + at]))
  return Array.from({ length: texts }, (_, text) => row(text))
}
