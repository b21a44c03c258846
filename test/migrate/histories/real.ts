import { expect } from 'vitest'
import { type Pace, usualPace } from '../../../src/migrate/fill/worker.ts'
import { addModel, useModel } from '../../../src/models/registry.ts'
import type { Database } from '../../../src/postgres/database.ts'
import { sql } from '../../../src/postgres/sql.ts'
import { dropModelTable, modelTable, vectorColumn } from '../../../src/schema/model-table.ts'
import { allModels } from '../../../src/store/models.ts'
import type { Model } from '../../../src/wire/model.ts'
import { type TestCorpus, testCorpus, writeLines, wrongVectors } from '../../support/corpus-deps.ts'
import { space, watchedModels } from '../../support/models.ts'
import type { Ideal } from './ideal.ts'

export interface Real {
  readonly corpus: TestCorpus & { readonly pace: Pace }
  /** Counted over all histories of a test. */
  readonly steps: Map<string, number>
}

export const pace: Pace = { ...usualPace, pollMs: 1 }

/** As it was when it was made: histories share a database, which takes longer to start than to empty. */
export async function emptied(db: Database): Promise<TestCorpus> {
  const { rows } = await db.query<{ found: boolean }>(
    sql`select to_regclass('embedding_models') is not null as found`,
  )
  if (rows[0]?.found !== true) return testCorpus(db)
  await db.transaction(async (tx) => {
    for (const model of await allModels(tx)) await dropModelTable(tx, model)
    await tx.query(
      sql`truncate embedding_models, model_migrations, migration_events restart identity cascade`,
    )
    await tx.query(sql`truncate documents, chunks restart identity cascade`)
  })
  return testCorpus(db)
}

export async function modelNamed({ db }: TestCorpus, name: string): Promise<Model> {
  const model = (await allModels(db)).find((one) => one.modelName === name)
  if (model === undefined) throw new Error(`No model ${name}`)
  return model
}

/** How many chunks lack a vector of their text: looked at one by one. */
export async function lackingOf(corpus: TestCorpus, name: string): Promise<number> {
  const model = await modelNamed(corpus, name)
  const { rows } = await corpus.db.query<{ n: number }>(sql`
    select count(*)::int as n from chunks c
    where not exists (
      select from ${modelTable(model.id)} e
      where e.chunk_id = c.id and e.embedded_text_hash = sha256(convert_to(c.content, 'UTF8'))
    )`)
  return rows[0]?.n ?? 0
}

export async function vectorsOf(corpus: TestCorpus, name: string): Promise<number> {
  const model = await modelNamed(corpus, name)
  return (await corpus.db.query(sql`select from ${modelTable(model.id)}`)).rowCount
}

/** What must be so after every step. */
export async function expectAgreement(ideal: Ideal, { corpus }: Real): Promise<void> {
  const models = await allModels(corpus.db)
  expect(Object.fromEntries(models.map((model) => [model.modelName, model.state]))).toEqual(
    Object.fromEntries(ideal.models),
  )
  const { rows: migrations } = await corpus.db.query<{ id: number; state: string }>(sql`
    select id::float8 as id, case when state in ('filling', 'indexing', 'verifying', 'ready') then 'going' else state end as state
    from model_migrations order by id`)
  expect(migrations).toEqual(ideal.migrations.map(({ id, state }) => ({ id, state })))
  const { rows: documents } = await corpus.db.query<{ source: string; lines: string[] }>(sql`
    select d.source, array_agg(c.content order by c.position) as lines
    from documents d join chunks c on c.document_id = d.id group by d.source order by d.source`)
  expect(documents).toEqual(
    [...ideal.documents]
      .map(([source, lines]) => ({ source, lines }))
      .sort((a, b) => (a.source < b.source ? -1 : 1)),
  )
  // A migration that is not open has no work left, and no model that is not written is pending anything.
  const { rows: left } = await corpus.db.query<{ batches: number; pending: number }>(sql`
    select (select count(*)::int from migration_batches b join model_migrations m on m.id = b.migration_id
            where m.state in ('cut_over', 'rolled_back', 'retired', 'cancelled')) as batches,
      (select count(*)::int from pending_chunks o join embedding_models m on m.id = o.model_id
       where m.state not in ('current', 'standby', 'filling')) as pending`)
  expect(left).toEqual([{ batches: 0, pending: 0 }])
}

/** Every vector there is, by document, place and model: what two databases are compared by. */
async function tableOf({ db }: TestCorpus, names: readonly string[]): Promise<unknown[]> {
  const found: unknown[] = []
  for (const model of await allModels(db)) {
    if (!names.includes(model.modelName)) continue
    const { rows } = await db.query(sql`
      select ${model.modelName}::text as model, d.source,
        row_number() over (partition by d.id order by c.position) as place, c.content, e.${vectorColumn(model.dimension)}::text as vector
      from documents d join chunks c on c.document_id = d.id
      left join ${modelTable(model.id)} e on e.chunk_id = c.id
      order by d.source, c.position`)
    found.push(...rows)
  }
  return found
}

/** The written models hold what they would had the documents just been written to an empty database. */
export async function expectAsFromScratch(ideal: Ideal, { corpus }: Real, other: Database): Promise<void> {
  const scratch = await emptied(other)
  const written = [...ideal.models].flatMap(([name, state]) =>
    ['current', 'standby', 'filling'].includes(state) ? [name] : [],
  )
  for (const name of written) {
    const { dimension } = await modelNamed(corpus, name)
    await addModel(scratch, space(name, dimension))
    // Switching makes the one before it standby: all of them are written then.
    await useModel(scratch, name, { force: true })
    if (name === written[0]) await writeLines(scratch, 'keep.md', ['keep'])
  }
  await scratch.db.query(
    sql`update embedding_models set state = 'standby' where state = 'registered' and model_name = any(${written}::text[])`,
  )
  await scratch.db.query(sql`delete from documents`)
  for (const [source, lines] of ideal.documents) await writeLines(scratch, source, lines)
  expect(await tableOf(corpus, written)).toEqual(await tableOf(scratch, written))
  for (const model of await allModels(corpus.db)) {
    if (model.state !== 'retired') expect(await wrongVectors(corpus, model)).toEqual([])
  }
  const { rows } = await corpus.db.query(sql`
    select from chunk_embeddings e where not exists (select from chunks c where c.id = e.chunk_id)`)
  expect(rows).toEqual([])
}

export function freshModels(corpus: TestCorpus): Real['corpus'] {
  return { ...corpus, models: watchedModels(), pace }
}
