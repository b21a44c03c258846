import type { ProviderName } from '../../../src/core/model.ts'
import type { ProgressEvent } from '../../../src/core/progress.ts'
import { type SpecOverrides, specFor } from '../../../src/embedding/catalogue.ts'
import type { EmbeddingModel, ModelLimits } from '../../../src/embedding/contract.ts'
import { openEmbeddingModel } from '../../../src/embedding/open.ts'
import { type FakeClock, fakeClock } from '../fake-clock.ts'
import { type FakeProvider, fakeProvider } from './server.ts'
import type { wires } from './wires.ts'

/** A key that must never be seen outside a request's headers. */
export const secretKey = 'sk-very-secret-0123456789'

export const hostedModels = {
  openai: 'text-embedding-3-small',
  'openai-compatible': 'nomic-embed-text',
  cohere: 'embed-english-light-v3.0',
  google: 'gemini-embedding-001',
  mistral: 'mistral-embed',
  voyage: 'voyage-3.5',
} as const satisfies Partial<Record<ProviderName, string>>

export interface Opened {
  readonly model: EmbeddingModel
  readonly provider: FakeProvider
  readonly clock: FakeClock
  readonly events: readonly ProgressEvent[]
}

/** A hosted model at a fake provider, over HTTP and through the real client library. */
export async function openHosted(
  wire: keyof typeof wires,
  given: {
    readonly modelName?: string
    readonly overrides?: SpecOverrides
    readonly limits?: Partial<ModelLimits>
    readonly path?: string
  } = {},
): Promise<Opened> {
  const modelName = given.modelName ?? hostedModels[wire]
  const width = specFor(modelName, { baseUrl: 'http://unused', ...given.overrides }).dimension
  const provider = await fakeProvider(wire, width)
  const spec = specFor(modelName, {
    provider: wire,
    baseUrl: `${provider.url}${given.path ?? ''}`,
    ...given.overrides,
  })
  const clock = fakeClock()
  const events: ProgressEvent[] = []
  const model = await openEmbeddingModel(
    spec,
    {
      keys: {
        OPENAI_API_KEY: secretKey,
        COHERE_API_KEY: secretKey,
        GOOGLE_GENERATIVE_AI_API_KEY: secretKey,
        MISTRAL_API_KEY: secretKey,
        VOYAGE_API_KEY: secretKey,
      },
      keyHosts: [new URL(spec.baseUrl ?? provider.url).host],
      localModelPath: null,
      cacheDir: '',
      limits: { [modelName]: given.limits ?? {} },
      onProgress: (event) => events.push(event),
    },
    { clock, random: () => 0.5 },
  )
  return { model, provider, clock, events }
}
