import type { Revector } from '../../../src/library/revector.ts'
import { type FakeProvider, fakeProvider } from '../../support/providers/server.ts'

/** Makes a model current whose provider does as the test says: it answers when it may. */
export async function useSlowModel(revector: Revector): Promise<FakeProvider> {
  const provider = await fakeProvider('openai', 8)
  const asked = { provider: 'openai-compatible', baseUrl: provider.url } as const
  await revector.models.add({ modelName: 'slow', dimension: 8, ...asked })
  await revector.models.use('slow', { force: true })
  return provider
}
