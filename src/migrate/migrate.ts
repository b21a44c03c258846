import { RevectorError } from '../core/errors.ts'
import type { Model } from '../core/model.ts'
import type { OnProgress } from '../core/progress.ts'
import { missingChunks } from '../store/coverage.ts'
import { lockModels, requireModel, setModelState, switchCurrent } from '../store/models.ts'
import { type Filled, type FillOptions, type FillParts, fillModel } from './fill.ts'

export interface MigrateRequest {
  readonly sourceModel: string
  readonly targetModel: string
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: OnProgress | undefined
}

/** Each pass only meets what was written during the one before it. */
const passes = 100

/**
 * Moves the corpus from the current model to another while searches go on: fills what the target lacks, then
 * makes it current in one transaction. From its start on, new documents are embedded with both. Run again
 * after an interruption it goes on where it was; run again after its end it changes nothing. The source stays
 * written, so switching back loses nothing.
 *
 * @throws RevectorError MODEL_UNKNOWN, INVALID_INPUT (the source is not current), of the provider, INTERRUPTED
 */
export async function migrateToNewModel(parts: FillParts, request: MigrateRequest): Promise<Filled> {
  const { onProgress, signal } = request
  const target = await begin(parts, request)
  const options: FillOptions = { signal, onProgress }
  let total: Filled = { embedded: 0, reused: 0, tokens: 0 }
  for (let pass = 1; pass <= passes; pass += 1) {
    const filled = await fillModel(parts, target, options)
    total = {
      embedded: total.embedded + filled.embedded,
      reused: total.reused + filled.reused,
      tokens: total.tokens + filled.tokens,
    }
    if (await cutOver(parts, request, target)) {
      onProgress?.({ type: 'model.switched', from: request.sourceModel, to: request.targetModel })
      return total
    }
  }
  throw new RevectorError(
    'DATABASE_BUSY',
    `"${target.modelName}" still lacks vectors after ${passes} passes: documents are written faster than they are embedded.`,
    { hint: 'Run the same command again when fewer documents are being written.' },
  )
}

async function begin({ db }: FillParts, { sourceModel, targetModel }: MigrateRequest): Promise<Model> {
  return db.transaction(async (tx) => {
    await lockModels(tx)
    const source = await requireModel(tx, sourceModel)
    const target = await requireModel(tx, targetModel)
    refuse(source, target)
    if (target.state !== 'registered') return target
    await setModelState(tx, target.id, 'filling')
    return { ...target, state: 'filling' }
  })
}

function refuse(source: Model, target: Model): void {
  const data = { source: source.modelName, target: target.modelName }
  if (source.id === target.id) {
    throw new RevectorError('INVALID_INPUT', `Source and target are the same model, "${source.modelName}".`, {
      hint: 'Name the model to move to as the target.',
      data,
    })
  }
  if (target.state === 'retired') {
    throw new RevectorError('INVALID_INPUT', `The target "${target.modelName}" is retired.`, {
      hint: 'Register the model anew, under a name of its own.',
      data,
    })
  }
  // The target is current already: an earlier run got to its end, this one only looks for gaps.
  if (source.state === 'current' || target.state === 'current') return
  throw new RevectorError(
    'INVALID_INPUT',
    `"${source.modelName}" is not the current model: expected the model that searches use as the source.`,
    { hint: 'See which model is current with `revector models list`.', data },
  )
}

/** @returns false when documents were written since the last pass that the target lacks */
async function cutOver({ db, layout }: FillParts, request: MigrateRequest, target: Model): Promise<boolean> {
  return db.transaction(async (tx) => {
    // From here to the end no document can be written.
    await lockModels(tx)
    for (let after: string | undefined; ; ) {
      const page = await missingChunks(tx, layout, target, {
        limit: 1_000,
        ...(after === undefined ? {} : { after }),
      })
      // A chunk of blanks cannot be embedded by any model; it stands in nobody's way.
      if (page.some((chunk) => chunk.content.trim() !== '')) return false
      after = page.at(-1)?.id
      if (after === undefined) break
    }
    refuse(await requireModel(tx, request.sourceModel), await requireModel(tx, request.targetModel))
    await switchCurrent(tx, target)
    return true
  })
}
