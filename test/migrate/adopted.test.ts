import { expect, it } from 'vitest'
import { examine } from '../../src/doctor/doctor.ts'
import { fillModel } from '../../src/migrate/fill/fill-model.ts'
import { planMigration } from '../../src/migrate/plan/plan.ts'
import { verify } from '../../src/migrate/verify/verify.ts'
import { addModel } from '../../src/models/registry.ts'
import { raw, sql } from '../../src/postgres/sql.ts'
import { loadLayout } from '../../src/schema/layout.ts'
import { runRevisions } from '../../src/schema/upgrade.ts'
import { requireCurrentModel } from '../../src/store/models.ts'
import { defaultGates } from '../../src/wire/migration.ts'
import { script, vectorSql } from '../schema/legacy.ts'
import { describeEngines } from '../support/engines.ts'
import { space, watchedModels } from '../support/models.ts'

/** As somebody made it: ids of their own kinds, no hashes, a text that is missing, a row without a vector, no keys. */
const theirs = `
  create table pages (id uuid primary key default gen_random_uuid(), title text, body text);
  create table passages (
    key text primary key, page_id uuid references pages (id), passage varchar(2000)
  );
  create table chunk_embeddings (
    id serial primary key, chunk_id text not null, embedding vector(16)
  );
  insert into pages (title, body) select 'Page ' || g, '' from generate_series(1, 3) g;
  insert into passages (key, page_id, passage)
    select 'p-' || g, (select id from pages order by title offset g % 3 limit 1),
      case g when 1 then null when 2 then ' ' when 3 then 'Same text' when 4 then 'Same text' else 'Passage ' || g end
    from generate_series(1, 50) g;
  insert into chunk_embeddings (chunk_id, embedding)
    select key, case when key = 'p-7' then null else ${vectorSql(16, 'length(passage) + ascii(right(key, 1))')} end
    from passages where passage is not null`

describeEngines('a database that was adopted', (engine) => {
  it('is planned, verified and examined like our own', async () => {
    const db = await engine.connect()
    await script(db, 'create extension if not exists vector')
    await script(db, theirs)
    await runRevisions(db, {
      model: space('theirs', 16),
      tables: {
        chunksTable: 'passages',
        chunkTextColumn: 'passage',
        documentsTable: 'pages',
        titleColumn: 'title',
      },
    })
    const layout = await loadLayout(db)
    const models = watchedModels()
    const deps = { db, layout, models }
    const source = await requireCurrentModel(db)
    const target = await addModel(deps, space('second', 24))

    // 48 have text; hashes are missing, so that a fill can't know of equal texts in another batch.
    expect(await planMigration(deps, { source, target })).toMatchObject({
      corpusChunks: 48,
      totalChunks: 48,
      missingChunks: 48,
      texts: 47,
    })
    expect(await planMigration(deps, { source, target, scope: { sample: 5 } })).toMatchObject({
      totalChunks: 5,
    })
    const page = (await db.query<{ id: string }>(raw('select id::text as id from pages limit 1'))).rows[0]
    const one = { documents: [page?.id ?? '', 'no uuid'] }
    expect((await planMigration(deps, { source, target, scope: one })).totalChunks).toBeGreaterThan(10)

    const request = { source, target, scope: {}, allowedQuarantined: 0, thresholds: defaultGates }
    const gate = async (name: string) => (await verify(deps, request)).gates.find((one) => one.gate === name)
    expect(await gate('coverage')).toMatchObject({ passed: false, data: { chunks: 48, missing: 48 } })
    await fillModel(deps, target)
    expect((await verify(deps, request)).passed).toBe(true)
    await db.query(sql`
      insert into quarantined_chunks (model_id, chunk_id, code, reason)
      values (${target.id}, 'p-9', 'PROVIDER_REFUSED', 'No.')`)
    await db.query(raw(`delete from chunk_embeddings_model_${target.id} where chunk_id = 'p-9'`))
    expect(await gate('coverage')).toMatchObject({ data: { vectors: 47, quarantined: 1, missing: 0 } })

    const { checks } = await examine(deps, { probe: true })
    const of = (check: string, model = 'theirs') =>
      checks.filter((found) => found.check === check && found.model === model)
    // The row whose vector is NULL counts as missing.
    expect(of('missing_vectors')).toMatchObject([{ result: 'fail', data: { missing: 1, examples: ['p-7'] } }])
    // These vectors were not made by the model that somebody said made them.
    expect(of('drift')).toMatchObject([{ result: 'fail' }])
    expect(of('drift', 'second')).toMatchObject([{ result: 'ok' }])
  })
})
