import { RevectorError } from '../core/errors.ts'
import { maxDimension, providerNames } from '../core/model.ts'
import type { ModelSpec } from '../wire/model.ts'
import { hostedModels } from './catalogue/hosted.ts'
import type { KnownModel } from './catalogue/known-model.ts'
import { lexicalHashModel, localModels } from './catalogue/local.ts'
import { openaiModels } from './catalogue/openai.ts'

export type { KnownModel } from './catalogue/known-model.ts'

/** Every model with facts of its own; `lexical-hash-<d>` exists besides for any d. */
export const knownModels: readonly KnownModel[] = [...openaiModels, ...hostedModels, ...localModels]

/** What `db setup-models` registers: the guide's models, its successor of ada-002, and two that need no key. */
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

/** The entry that a space is made from, whatever name it was registered under. */
export function knownModelOf(spec: Pick<ModelSpec, 'provider' | 'remoteName'>): KnownModel | undefined {
  if (spec.provider === 'lexical-hash') return knownModel(spec.remoteName)
  const same = (known: KnownModel) => known.remoteName === spec.remoteName
  return (
    knownModels.find((known) => same(known) && known.provider === spec.provider) ??
    // A model keeps its limits and widths when another server serves it.
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
 * The space of a model by name, filled from the catalogue where it is known. A name that is not known needs a
 * provider and a dimension; a second space of a known model (another width, prefix or revision) gets a name of
 * its own and the known model's `remoteName`.
 *
 * @throws RevectorError INVALID_INPUT (unknown name without provider or dimension, a missing base URL),
 *   MODEL_DIMENSION_CONFLICT (the model does not give this width), DIMENSION_UNSUPPORTED
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
      hint: `Give its --dimension and --provider (${providerNames.filter((name) => name !== 'custom').join(', ')}).`,
      data: { model: modelName },
    })
  }
  // Another provider may serve what it likes under a known name: only its own facts bind.
  const facts = base !== undefined && base.provider === provider ? base : undefined
  checkDimension(modelName, dimension, facts)
  const baseUrl = overrides.baseUrl ?? null
  if (provider === 'openai-compatible' && baseUrl === null) {
    throw new RevectorError('INVALID_INPUT', `Model ${modelName} needs the URL of the server that runs it.`, {
      hint: 'Give it as --base-url, for Ollama http://127.0.0.1:11434/v1.',
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
      `A model's dimension is a whole number from 1 to ${maxDimension}: ${modelName} asks for ${dimension}.`,
      { hint: 'Choose a model or a width that fits.', data: { model: modelName, dimension, maxDimension } },
    )
  }
  if (facts === undefined || givesDimension(facts, dimension)) return
  throw new RevectorError(
    'MODEL_DIMENSION_CONFLICT',
    `Model exists with different dimension: ${facts.remoteName} gives ${describeDimensions(facts)}, ${dimension} was asked for.`,
    {
      hint: 'Leave the dimension out, or register the other model under a name and a provider of its own.',
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
