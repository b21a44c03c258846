import type { Model } from '../../src/core/model.ts'
import { addModel, useModel } from '../../src/models/registry.ts'
import type { Database } from '../../src/postgres/database.ts'
import { type Layout, loadLayout } from '../../src/schema/layout.ts'
import { runRevisions } from '../../src/schema/upgrade.ts'
import { space, type WatchedModels, watchedModels } from './models.ts'

/** An empty database with two models of different widths; the first is current. */
export interface TestCorpus {
  readonly db: Database
  readonly layout: Layout
  readonly models: WatchedModels
  readonly first: Model
  readonly second: Model
}

export async function testCorpus(db: Database): Promise<TestCorpus> {
  await runRevisions(db)
  const layout = await loadLayout(db)
  const first = await addModel({ db, layout }, space('first', 16))
  const second = await addModel({ db, layout }, space('second', 24))
  await useModel({ db, layout }, 'first')
  return { db, layout, models: watchedModels(), first, second }
}
