import { grouped } from '../core/counted.ts'
import { RevectorError } from '../core/errors.ts'
import { maxDimension, providerNames } from '../core/model.ts'
import type { ModelSpec } from '../wire/model.ts'
import { hostedModels } from './catalogue/hosted.ts'
import type { KnownModel } from './catalogue/known-model.ts'
import { lexicalHashModel, localModels } from './catalogue/local.ts'
import { openaiModels } from './catalogue/openai.ts'

export type { KnownModel } from './catalogue/known-model.ts'

/** Every model with facts of its own; `lexical-hash-<d>` also exists for any d. */
export const knownModels: readonly KnownModel[] = [...openaiModels, ...hostedModels, ...localModels]

/**
 * The models that `db setup-models` registers: the guide's models, the successor of ada-002, and two that need
 * no key.
 */
export const setupModels: readonly string[] = [
  'all-MiniLM-L6-v2',
  'all-mpnet-base-v2',
  'text-embedding-ada-002',
  'text-embedding-3-small',
  'text-embedding-3-large',
  'universal-sentence-encoder-lite',
  'lexical-hash-256',
]

/** The entry of a model by the name users type. */
export function knownModel(modelName: string): KnownModel | undefined {
  const lexical = /^lexical-hash-([1-9]\d{0,5})$/.exec(modelName)
  if (lexical !== null) return lexicalHashModel(Number(lexical[1]))
  return knownModels.find((known) => known.modelName === modelName)
}

/** The entry that a space is based on, whatever name it is registered under. */
export function knownModelOf(spec: Pick<ModelSpec, 'provider' | 'remoteName'>): KnownModel | undefined {
  if (spec.provider === 'lexical-hash') return knownModel(spec.remoteName)
  const same = (known: KnownModel) => known.remoteName === spec.remoteName
  return (
    knownModels.find((known) => same(known) && known.provider === spec.provider) ??
    // A model keeps its limits and dimensions when another server serves it.
    (spec.provider === 'openai-compatible'
      ? knownModels.find((known) => same(known) || known.modelName === plainName(spec.remoteName))
      : undefined)
  )
}

/** `BAAI/bge-m3` and `bge-m3:latest` are both `bge-m3`. */
function plainName(remoteName: string): string {
  return remoteName.replace(/^.*\//, '').replace(/:.*$/, '')
}

export type SpecOverrides = { readonly [K in keyof ModelSpec]?: ModelSpec[K] | undefined }

/**
 * The space of a model by name, completed from the catalogue if it is known. An unknown name needs a provider
 * and a dimension; a second space of a known model (another dimension, prefix or revision) gets a name of its
 * own and the known model's `remoteName`.
 *
 * @throws RevectorError INVALID_INPUT (unknown name without provider or dimension, a missing base URL),
 * MODEL_DIMENSION_CONFLICT (the model does not support this dimension), DIMENSION_UNSUPPORTED
 */
export function specFor(modelName: string, overrides: SpecOverrides = {}): ModelSpec {
  if (modelName.trim() === '') throw new RevectorError('INVALID_INPUT', 'A model needs a name.')
  const base =
    knownModel(modelName) ??
    (overrides.remoteName === undefined
      ? undefined
      : (knownModel(overrides.remoteName) ??
        (overrides.provider === undefined
          ? undefined
          : knownModelOf({ provider: overrides.provider, remoteName: overrides.remoteName }))))
  const provider = overrides.provider ?? base?.provider
  const dimension = overrides.dimension ?? base?.dimension
  if (provider === undefined || dimension === undefined) {
    throw new RevectorError('INVALID_INPUT', `Model ${modelName} is not in the catalogue.`, {
      hint: `Specify its --dimension and --provider (${providerNames.filter((name) => name !== 'custom').join(', ')}).`,
      data: { model: modelName },
    })
  }
  // Another provider may serve any model under a known name: only facts about that provider count.
  const facts = base !== undefined && base.provider === provider ? base : undefined
  checkDimension(modelName, dimension, facts)
  const baseUrl = overrides.baseUrl ?? null
  if (provider === 'openai-compatible' && baseUrl === null) {
    throw new RevectorError('INVALID_INPUT', `Model ${modelName} needs the URL of the server that runs it.`, {
      hint: 'Specify it with --base-url, for Ollama http://127.0.0.1:11434/v1.',
      data: { model: modelName },
    })
  }
  return {
    modelName,
    dimension,
    provider,
    remoteName: overrides.remoteName ?? (facts ?? base)?.remoteName ?? modelName,
    revision: overrides.revision ?? '',
    pooling: overrides.pooling ?? facts?.pooling ?? (provider === 'transformers' ? 'mean' : ''),
    normalize: overrides.normalize ?? true,
    documentPrefix: overrides.documentPrefix ?? base?.documentPrefix ?? '',
    queryPrefix: overrides.queryPrefix ?? base?.queryPrefix ?? '',
    distance: overrides.distance ?? base?.distance ?? 'cosine',
    baseUrl,
  }
}

function checkDimension(modelName: string, dimension: number, facts: KnownModel | undefined): void {
  if (!Number.isInteger(dimension) || dimension < 1 || dimension > maxDimension) {
    throw new RevectorError(
      'DIMENSION_UNSUPPORTED',
      `A model's dimension must be a whole number from 1 to ${grouped(maxDimension)}: ${modelName} has ${grouped(dimension)}.`,
      { hint: 'Choose another model or dimension.', data: { model: modelName, dimension, maxDimension } },
    )
  }
  if (facts === undefined || givesDimension(facts, dimension)) return
  throw new RevectorError(
    'MODEL_DIMENSION_CONFLICT',
    `Model exists with different dimension: ${facts.remoteName} supports ${describeDimensions(facts)}, got ${dimension}.`,
    {
      hint: 'Omit the dimension, or register the other model under its own name and provider.',
      data: { model: modelName, registered: facts.dimension, requested: dimension },
    },
  )
}

export function givesDimension(known: KnownModel, dimension: number): boolean {
  if (dimension === known.dimension) return true
  const other = known.otherDimensions
  if ('from' in other) return dimension >= other.from && dimension <= other.to
  return other.includes(dimension)
}

function describeDimensions(known: KnownModel): string {
  const other = known.otherDimensions
  if ('from' in other) return `${other.from} to ${other.to} dimensions`
  return `${[known.dimension, ...other].join(', ')} dimensions`
}
