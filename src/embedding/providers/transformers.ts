import type { ModelSpec } from '../../core/model.ts'
import type { ProviderEnvironment } from '../contract.ts'
import type { RawModel } from '../raw-model.ts'
export async function openTransformers(
  _spec: ModelSpec,
  _environment: ProviderEnvironment,
): Promise<RawModel> {
  throw new Error('not yet')
}
