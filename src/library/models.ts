import { RevectorError } from '../core/errors.ts'
import type { CallOptions } from '../core/progress.ts'
import { specFor } from '../embedding/catalogue.ts'
import { type Filled, fillModel } from '../migrate/fill/fill-model.ts'
import { beforeRemoval } from '../migrate/model-in-use.ts'
import { calibrateModel } from '../models/calibrate-model.ts'
import { addModel, removeModel, useModel } from '../models/registry.ts'
import { listModels, modelSpace } from '../models/status.ts'
import { countVectors } from '../store/coverage.ts'
import { requireModel } from '../store/models.ts'
import { type SampledChunk, sampleVectors } from '../store/sample.ts'
import type { FillReport } from '../wire/ingest.ts'
import type {
  CalibratedModel,
  Model,
  ModelSpace,
  ModelSpec,
  ModelStatus,
  RemovedModel,
} from '../wire/model.ts'
import type { Runtime } from './runtime.ts'

/** What the catalogue knows of a model may be left out. */
export type AddModel = Pick<ModelSpec, 'modelName'> & Partial<ModelSpec>

/** `revector.models`. */
export interface Models {
  list(): Promise<readonly ModelStatus[]>
  add(model: AddModel, options?: CallOptions): Promise<ModelSpace>
  /** The hot switch: running processes follow at their next search. @throws RevectorError MODEL_EMPTY unless forced */
  use(
    modelName: string,
    options?: { readonly force?: boolean },
  ): Promise<{ readonly from: string | null; readonly to: string }>
  /** Drops the model's vectors. @throws RevectorError MODEL_IN_USE; `force` ends an abandoned fill */
  remove(modelName: string, options?: { readonly force?: boolean }): Promise<RemovedModel>
  /**
   * Embeds all chunks that a model lacks: those that an adopted table never had, or that an application wrote
   * itself. Makes nothing current. @throws RevectorError MODEL_UNKNOWN, MODEL_IN_USE while a migration fills
   * it, of the provider
   */
  fill(modelName: string, options?: CallOptions): Promise<FillReport>
  /**
   * Finds the least search effort that reaches a recall (default: the option `recall`), which searches use from then
   * on. @throws RevectorError MODEL_UNKNOWN, INVALID_INPUT without a valid HNSW index, INTERRUPTED
   */
  calibrate(
    modelName: string,
    options?: { readonly recall?: number; readonly signal?: AbortSignal },
  ): Promise<CalibratedModel>
  /**
   * Chunks with their vectors, drawn by hash: the same ones in every call and every model. @throws
   * RevectorError MODEL_UNKNOWN
   */
  sample(
    modelName: string,
    options?: { readonly limit?: number },
  ): Promise<{ readonly dimension: number; readonly chunks: readonly SampledChunk[] }>
}

export function modelCalls({ opened }: Pick<Runtime, 'opened'>): Models {
  return {
    list: async () => listModels(await opened()),
    async add({ modelName, ...overrides }) {
      const deps = await opened()
      await addModel(deps, specFor(modelName, overrides))
      return modelSpace(deps, modelName)
    },
    use: async (modelName, how) => useModel(await opened('service'), modelName, how),
    remove: async (modelName, how) =>
      removeModel(await opened('owner'), modelName, { ...how, before: beforeRemoval }),
    fill: async (modelName, call) => {
      const deps = await opened('service')
      const model = refuseFilling(await requireModel(deps.db, modelName))
      const { vectors } = await countVectors(deps.db, deps.layout, model)
      return fillReport(modelName, vectors, () => fillModel(deps, model, { ...call }))
    },
    calibrate: async (modelName, how) => calibrateModel(await opened('service'), modelName, how),
    sample: async (modelName, { limit = 500 } = {}) => {
      const { db, layout } = await opened()
      const model = await requireModel(db, modelName)
      const empty = model.state === 'retired'
      return {
        dimension: model.dimension,
        chunks: empty ? [] : await sampleVectors(db, layout, model, limit),
      }
    },
  }
}

/** @throws RevectorError MODEL_IN_USE */
function refuseFilling(model: Model): Model {
  const { modelName, state } = model
  if (state !== 'filling' && state !== 'retired') return model
  throw new RevectorError('MODEL_IN_USE', `"${modelName}" is ${state}.`, {
    hint:
      state === 'filling'
        ? 'Its migration fills it: `revector worker`, or `revector migrate cancel`.'
        : 'Its vectors have been dropped: migrate to it with `revector migrate start`.',
    data: { model: modelName, state },
  })
}

/** Runs a fill and reports the result. */
export async function fillReport(
  modelName: string,
  present: number,
  fill: () => Promise<Filled>,
): Promise<FillReport> {
  const started = performance.now()
  const filled = await fill()
  return { modelName, ...filled, present, seconds: (performance.now() - started) / 1_000 }
}
