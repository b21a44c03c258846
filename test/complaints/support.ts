import { afterAll, beforeAll } from 'vitest'
import { hashText } from '../../src/embedding/providers/lexical-hash.ts'
import { type CreateOptions, createRevector, type OwnModel, type Revector } from '../../src/index.ts'
import type { Engine } from '../support/engines.ts'

/** A model of one's own: vectors of words, told apart by a salt, and a record of what was asked of it. */
export interface WatchedModel extends OwnModel {
  /** Texts of documents and questions, in the order they came. */
  readonly documents: string[]
  readonly queries: string[]
  /** Called before it answers; may throw or wait. */
  before: (texts: readonly string[]) => Promise<void> | void
  /** What it gives for a text; a test may change it. */
  give: (text: string) => Float32Array
}

/** Another name makes another space, also at the same width. */
export function watchedModel(modelName: string, dimension: number): WatchedModel {
  const documents: string[] = []
  const queries: string[] = []
  const model: WatchedModel = {
    modelName,
    dimension,
    documents,
    queries,
    before: () => {},
    give: (text) => vectorOf(modelName, dimension, text),
    async embed(texts, { kind }) {
      await model.before(texts)
      const asked = kind === 'query' ? queries : documents
      asked.push(...texts)
      return texts.map((text) => model.give(text))
    },
  }
  return model
}

/** Each word is salted with the model's name, so that two models agree on nothing but which words are equal. */
export function vectorOf(modelName: string, dimension: number, text: string): Float32Array {
  const words = text.split(/\s+/).map((word) => `${word}${modelName}`)
  return hashText(words.join(' '), dimension)
}

/**
 * One Revector for all tests of a file: opening a database takes longer than any of them. Call where hooks may be made.
 *
 * @returns begins a test: without documents, and with the model of this name current
 */
export function sharedRevector(
  engine: Engine,
  models: readonly OwnModel[],
  options: CreateOptions = {},
): (current?: string) => Promise<Revector> {
  let shared: Revector | undefined
  beforeAll(async () => {
    shared = await createRevector({ ...(await engine.readyPlace()), ...options, models })
    await shared.db.initialize()
  })
  afterAll(() => shared?.db.close())
  return async (current) => {
    if (shared === undefined) throw new Error('The database was not opened')
    for (let after: string | undefined; ; ) {
      const page = await shared.documents.list(after === undefined ? {} : { after })
      for (const { id } of page.documents) await shared.documents.remove(id)
      if (page.next === null) break
      after = page.next
    }
    if (current !== undefined) await shared.models.use(current, { force: true })
    return shared
  }
}

/** Documents of one chunk each. */
export async function ingest(
  { ingestion }: Revector,
  texts: readonly string[],
  options: { readonly metadata?: (i: number) => Record<string, unknown> } = {},
): Promise<string[]> {
  const ids: string[] = []
  for (const [i, content] of texts.entries()) {
    const metadata = options.metadata?.(i)
    ids.push(
      await ingestion.ingestDocument({
        title: `Document ${i}`,
        content,
        metadata,
      }),
    )
  }
  return ids
}

/** Vectors a model has, as the list of models counts them. */
export async function embeddingsOf({ models }: Revector, modelName: string): Promise<number> {
  return (await models.list()).find((model) => model.modelName === modelName)?.embeddings ?? 0
}
