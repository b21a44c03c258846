import { RevectorError } from '../../core/errors.ts'
import type { Queryable } from '../../postgres/database.ts'
import { createCorpusViews, layoutOf } from '../attach/views.ts'
import { moveCapture, replaceCapture } from '../capture/capture.ts'
import { loadLayout, saveLayout } from '../layout.ts'
import { dropNextChunks, dropStore, endMirror, withoutExposed } from './expose.ts'
import { ownSequences } from './sequences.ts'

/**
 * Before a model's table or view is dropped. If one of two tables that are kept in step is its place, that ends; both tables stay.
 * When the application's first table is left, the other one is the corpus from then on, and lives alone.
 *
 * @throws RevectorError MODEL_IN_USE while vectors move there
 */
export async function leavePlace(tx: Queryable, schema: string, modelId: number): Promise<void> {
  const layout = await loadLayout(tx)
  const { exposed } = layout
  if (exposed === undefined) return
  const { firstModelId: first } = exposed
  if (modelId !== exposed.modelId && modelId !== first) return
  if (modelId === first && !exposed.complete) throw moving(exposed.place.table)
  await endMirror(tx, schema)
  await dropNextChunks(tx)
  await dropStore(tx, schema, first)
  if (modelId === exposed.modelId) {
    await dropStore(tx, schema, modelId)
    await saveLayout(tx, withoutExposed(layout))
    await replaceCapture(tx)
    return
  }
  // What this model still lacks goes on being stored by its own function.
  await createCorpusViews(tx, exposed.place)
  const { vectors } = exposed.place
  await saveLayout(
    tx,
    layoutOf(schema, { ...exposed.place, vectors: { ...vectors, modelId: exposed.modelId } }),
  )
  await moveCapture(tx)
  if (layout.place !== undefined) await ownSequences(tx, layout.place.table, exposed.place.table)
}

function moving({ schema, name }: { readonly schema: string; readonly name: string }): RevectorError {
  return new RevectorError('MODEL_IN_USE', `${schema}.${name} is not complete yet: rows still move there.`, {
    hint: 'Run `revector db expose` again, to its end.',
    data: { schema, table: name },
  })
}
