import { RevectorError, throwIfAborted } from '../core/errors.ts'
import type { OnProgress } from '../core/progress.ts'
import type { Database, Session } from '../postgres/database.ts'
import { isCopied } from '../schema/attach/copied.ts'
import { namedTable } from '../schema/attach/named-table.ts'
import { exportRows, readMark, writeMark } from '../schema/expose/export.ts'
import { isTaken } from '../schema/expose/expose.ts'
import { createLike, giveToOwner, requireOwner } from '../schema/expose/like.ts'
import { countExposed } from '../schema/expose/move.ts'
import { newTable, nothingAdopted, taken } from '../schema/expose/new-table.ts'
import { buildVectorIndexes } from '../schema/expose/vector-indexes.ts'
import { loadLayout, type Place, type TableName } from '../schema/layout.ts'
import { withSchemaLock } from '../schema/locks.ts'
import { requireModel } from '../store/models.ts'
import type { ExportedTable } from '../wire/database.ts'
import type { Model } from '../wire/model.ts'

export interface ExportRequest {
  readonly modelName: string
  /** The application's table. */
  readonly like: string
  /** The new one; absent: the application's name with the dimension. */
  readonly table?: string
  readonly signal?: AbortSignal
  readonly onProgress?: OnProgress
}

/** Rows of one transaction. */
const batchRows = 1_000

/**
 * Writes a model's vectors once, with the application's columns, into a new table like the application's. Nothing follows it.
 * Killed at any point, it goes on where it stopped when it is run again; run again when it is complete, it changes nothing.
 *
 * @throws RevectorError NOT_FOUND, INVALID_INPUT, MODEL_UNKNOWN, MODEL_EMPTY, UPGRADE_REFUSED, DATABASE_PERMISSION_DENIED,
 *   DATABASE_BUSY, INTERRUPTED
 */
export async function exportModel(db: Database, request: ExportRequest): Promise<ExportedTable> {
  const { signal, onProgress } = request
  return withSchemaLock(
    db,
    async (site) => {
      const { session } = site
      const model = await requireModel(session, request.modelName)
      if (model.state === 'retired') throw retired(model)
      const from = await placeNamed(session, request.like)
      const { table: original } = from.vectors
      const table = newTable(request.table ?? `${original.name}_${model.dimension}`, original.schema)
      const to = placeOf(from, table, model)
      const mark = (await readMark(session, table)) ?? (await create(session, from, to, model))
      if (mark.model !== model.modelName) throw taken(table)
      if (!mark.complete) {
        await write(session, { model, from, to, after: mark.after, signal, onProgress })
        if (!isCopied(from)) await buildVectorIndexes(site, from, to, model.distance)
        await writeMark(session, table, { ...mark, after: null, complete: true })
      }
      const { rows } = await countExposed(session, { table, vectors: to.vectors })
      return { schema: table.schema, table: table.name, model: model.modelName, rows }
    },
    { signal, onProgress },
  )
}

async function placeNamed(session: Session, like: string): Promise<Place> {
  const { place, exposed } = await loadLayout(session)
  if (place === undefined) throw nothingAdopted()
  const { schema, name } = await namedTable(session, like)
  const found = [place, ...(exposed === undefined ? [] : [exposed.place])].find(({ table, vectors }) =>
    [table, vectors.table].some((one) => one.schema === schema && one.name === name),
  )
  if (found !== undefined) return found
  const { table } = place.vectors
  throw new RevectorError('INVALID_INPUT', `${schema}.${name} is not the table that was adopted.`, {
    hint: `Write --like ${table.schema}.${table.name}.`,
    data: { table: `${schema}.${name}` },
  })
}

function placeOf(from: Place, table: TableName, { dimension }: Model): Place {
  const type = from.vectors.type === 'vector' ? 'vector(N)' : from.vectors.type
  return { ...from, vectors: { ...from.vectors, table, type, dimension } }
}

async function create(session: Session, from: Place, to: Place, { modelName }: Model) {
  const { table } = to.vectors
  await requireOwner(session, from.vectors.table, table.schema)
  if (await isTaken(session, table)) throw taken(table)
  const mark = { model: modelName, after: null, complete: false }
  await session.transaction(async (tx) => {
    await createLike(tx, from, to)
    await writeMark(tx, table, mark)
    await giveToOwner(tx, from.vectors.table, table)
  })
  return mark
}

interface Writing extends Pick<ExportRequest, 'signal' | 'onProgress'> {
  readonly model: Model
  readonly from: Place
  readonly to: Place
  readonly after: string | null
}

async function write(
  session: Session,
  { model, from, to, after, signal, onProgress }: Writing,
): Promise<void> {
  const { table } = to.vectors
  let rows = 0
  for (let last = after; ; ) {
    throwIfAborted(signal)
    const began: string | null = last
    // The mark is written with the rows: a batch is stored with its place, or not at all.
    const batch = await session.transaction(async (tx) => {
      const batch = await exportRows(tx, { modelId: model.id, from, to, after: began, rows: batchRows })
      if (batch.last !== null) {
        await writeMark(tx, table, { model: model.modelName, after: batch.last, complete: false })
      }
      return batch
    })
    if (batch.last === null) return
    last = batch.last
    rows += batch.rows
    onProgress?.({ type: 'table.rows', table: table.name, rows })
  }
}

function retired({ modelName }: Model): RevectorError {
  return new RevectorError('MODEL_EMPTY', `"${modelName}" is retired: its vectors have been dropped.`, {
    hint: 'Use another model (`revector models list`).',
    data: { model: modelName },
  })
}
