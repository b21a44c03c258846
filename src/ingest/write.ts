import type { DocumentId } from '../core/document.ts'
import { RevectorError } from '../core/errors.ts'
import type { Queryable } from '../postgres/database.ts'
import type { Layout } from '../schema/layout.ts'
import type { EmbedDeps } from '../store/deps.ts'
import { documentsBySource, lockSources } from '../store/documents.ts'
import { isGone } from '../store/missing-column.ts'
import type { Model } from '../wire/model.ts'
import { type Change, compareDocuments, isAsItWas } from './compare.ts'
import { embedChanges, type Made, type Paid } from './embed.ts'
import { extraModels, givenVectors } from './given-vectors.ts'
import { recordLacking } from './pending.ts'
import type { PreparedDocument } from './prepare.ts'
import { removeChunks, storeVectors, writeChanges } from './store-changes.ts'
import { readTargets, type Targets } from './targets.ts'
import type { WriteOptions } from './write-options.ts'

export type { WriteOptions } from './write-options.ts'

export type WrittenDocument =
  | { readonly id: DocumentId; readonly outcome: 'added' | 'changed' | 'unchanged'; readonly chunks: number }
  /** The required model can't embed one of its texts: the document stays as it was. */
  | { readonly outcome: 'failed'; readonly error: RevectorError }

export interface WriteResult {
  /** In the order of the documents. */
  readonly documents: readonly WrittenDocument[]
  readonly models: readonly Model[]
}

/** Another session was faster: what this write was computed from has changed. */
class ConcurrentChange extends Error {}

const attempts = 5

/**
 * Writes documents: chunks whose text stayed keep their rows and vectors, the others are replaced, all in one
 * transaction. Providers are called before it; inside it, the documents and the set of written models are
 * checked again under lock, and if they have changed the write is computed again.
 *
 * @throws RevectorError of the required model's provider; nothing has been written then
 */
export async function writeDocuments(
  deps: EmbedDeps,
  documents: readonly PreparedDocument[],
  options: WriteOptions,
): Promise<WriteResult> {
  const paid = givenVectors(documents)
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await writeOnce(deps, documents, options, paid)
    } catch (error) {
      // A written model may just have been retired, with its table.
      if (!(error instanceof ConcurrentChange || isGone(error))) throw error
      if (attempt === attempts) {
        if (!(error instanceof ConcurrentChange)) throw error
        throw new RevectorError('DATABASE_BUSY', 'Another session kept writing the same documents.', {
          hint: 'Ingest them from one place at a time, or try again.',
          data: { documents: documents.map((document) => document.path) },
        })
      }
    }
  }
}

async function writeOnce(
  deps: EmbedDeps,
  documents: readonly PreparedDocument[],
  options: WriteOptions,
  paid: Paid,
): Promise<WriteResult> {
  const { db, layout } = deps
  const targets = await readTargets(db, options.modelName)
  const usable = targets.models.filter((model) => !options.failing.has(model.id))
  const extras = await extraModels(db, documents, targets)
  const changes = await compareDocuments(deps, documents, usable, extras)
  const wanted = changes.filter((change) => !change.complete)

  const made: Made[] = []
  for (const model of targets.models) {
    const one = await embedChanges(deps, model, wanted, { targets, options, paid })
    if (one === null) continue
    made.push(one)
    await options.beforeStoring?.(model, one.vectors.size)
  }
  const given: Made[] = extras.map((model) => ({
    model,
    vectors: paid.get(model.id) ?? new Map(),
    refused: new Map(),
  }))
  for (const { model, vectors } of given) await options.beforeStoring?.(model, vectors.size)

  const refused = refusedChanges(
    wanted,
    made.find((one) => one.model.id === targets.required.id),
  )
  const open = wanted.filter((change) => !refused.has(change))

  const ids = await db.transaction(
    async (tx) => {
      const models = await recheck(tx, layout, open, targets, options.modelName)
      const { written, wanting } = await writeChanges(tx, layout, open)
      const complete = new Set<number>()
      for (const one of made) {
        if (!models.has(one.model.id)) continue
        if (await storeVectors(tx, layout, one, wanting)) complete.add(one.model.id)
        else if (one.model.id === targets.required.id) throw new ConcurrentChange()
      }
      for (const one of given) {
        if (await storeVectors(tx, layout, one, wanting)) complete.add(one.model.id)
      }
      // The chunks are pending for other written models: those that a named write leaves out, and those that
      // failed.
      if (targets.named || [...models].some((id) => !complete.has(id))) {
        await recordLacking(
          tx,
          layout,
          complete,
          wanting.map((chunk) => chunk.id),
        )
      }
      // Last: until now the vectors of removed chunks could be copied to equal texts elsewhere.
      await removeChunks(
        tx,
        layout,
        open.flatMap((change) => change.removed),
      )
      return written
    },
    { writesChunks: true },
  )

  return {
    models: targets.models,
    documents: changes.map((change) => {
      const error = refused.get(change)
      if (error !== undefined) return { outcome: 'failed', error }
      const id = ids.get(change) ?? existing(change)
      return { id, outcome: outcomeOf(change), chunks: change.document.chunks.length }
    }),
  }
}

/** Documents with a text that the required model can't embed, each with the first reason. */
function refusedChanges(
  changes: readonly Change[],
  required: Made | undefined,
): ReadonlyMap<Change, RevectorError> {
  const refused = new Map<Change, RevectorError>()
  if (required === undefined || required.refused.size === 0) return refused
  for (const change of changes) {
    for (const { contentHash } of [...change.kept, ...change.added]) {
      const error = required.refused.get(contentHash)
      if (error !== undefined && !refused.has(change)) refused.set(change, error)
    }
  }
  return refused
}

/**
 * Under lock: checks that the written models are those that were embedded for, and the documents those that
 * were compared.
 */
async function recheck(
  tx: Queryable,
  layout: Layout,
  changes: readonly Change[],
  targets: Targets,
  modelName: string | undefined,
): Promise<ReadonlySet<number>> {
  const now = await readTargets(tx, modelName, { lock: true })
  const before = new Set(targets.models.map((model) => model.id))
  if (now.models.some((model) => !before.has(model.id)) || now.required.id !== targets.required.id) {
    throw new ConcurrentChange()
  }
  // All writers use the same order, so that two of them can't wait for each other.
  const sources = changes
    .flatMap(({ document }) => (document.source === null ? [] : [document.source]))
    .sort()
  await lockSources(tx, layout, sources)
  const found = await documentsBySource(tx, layout, sources, { lock: true })
  for (const { document, id, previousHash } of changes) {
    if (document.source === null) continue
    const row = found.get(document.source)
    if ((row?.id ?? null) !== id || (row?.contentHash ?? null) !== previousHash) throw new ConcurrentChange()
  }
  return new Set(now.models.map((model) => model.id))
}

function outcomeOf(change: Change): 'added' | 'changed' | 'unchanged' {
  if (change.id === null) return 'added'
  return isAsItWas(change) ? 'unchanged' : 'changed'
}

function existing(change: Change): DocumentId {
  if (change.id === null) throw new Error(`${change.document.path} was neither found nor written`)
  return change.id
}
