import { randomUUID } from 'node:crypto'
import { expect, it, onTestFinished, vi } from 'vitest'
import { createRevector, type Revector } from '../../src/library/revector.ts'
import { connectDatabase } from '../../src/postgres/connect.ts'
import { ident, raw, sql } from '../../src/postgres/sql.ts'
import { afterUse, describeServer } from '../support/engines.ts'
import { space } from '../support/models.ts'
import { plainLegacy } from './legacy.ts'

vi.setConfig({ testTimeout: 120_000 })

describeServer('what default privileges give', (engine) => {
  async function run(databaseUrl: string, statements: string): Promise<readonly object[]> {
    const db = await connectDatabase({ databaseUrl })
    try {
      return (await db.query(raw(statements))).rows
    } finally {
      await db.close()
    }
  }

  /** A database as hosted ones are: every new thing of the owner's is given to the role of an API. */
  async function generous(): Promise<{ readonly databaseUrl: string; readonly anon: string }> {
    const place = await engine.place()
    if (!('databaseUrl' in place)) throw new Error('not a server')
    const { databaseUrl } = place
    const anon = `anon_${randomUUID().replaceAll('-', '')}`
    await run(databaseUrl, `create role ${anon}`)
    afterUse(async () => {
      await run(databaseUrl, `drop owned by ${anon}; drop role ${anon}`)
    })
    await run(
      databaseUrl,
      `alter default privileges grant all on tables to ${anon}, public;
       alter default privileges grant all on sequences to ${anon}, public;
       alter default privileges grant all on functions to ${anon};
       alter default privileges grant all on schemas to ${anon};
       alter default privileges in schema public grant all on tables to ${anon};
       alter default privileges in schema public grant all on sequences to ${anon}`,
    )
    return { databaseUrl, anon }
  }

  async function open(databaseUrl: string, schema?: string): Promise<Revector> {
    const revector = await createRevector({ databaseUrl, schema, logLevel: 'silent' })
    onTestFinished(() => revector.db.close())
    return revector
  }

  /** What the role may do with tables, sequences and functions of the schema, and with the schema; not what extensions have. */
  async function allowed(databaseUrl: string, schema: string, role: string): Promise<readonly string[]> {
    const db = await connectDatabase({ databaseUrl })
    try {
      const { rows } = await db.query<{ found: string }>(sql`
        select c.relname || ' ' || p as found
        from pg_class c cross join unnest(array['select', 'insert', 'update', 'delete', 'truncate', 'references', 'trigger']) p
        where c.relnamespace = ${schema}::regnamespace and c.relkind in ('r', 'p', 'v', 'm')
          and has_table_privilege(${role}, c.oid, p)
        union all
        select c.relname || ' ' || p
        from pg_class c cross join unnest(array['select', 'usage', 'update']) p
        where c.relnamespace = ${schema}::regnamespace and c.relkind = 'S' and has_sequence_privilege(${role}, c.oid, p)
        union all
        select p.proname || ' execute' from pg_proc p
        where p.pronamespace = ${schema}::regnamespace and has_function_privilege(${role}, p.oid, 'execute')
          and not exists (select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')
        union all
        select p || ' on schema' from unnest(array['usage', 'create']) p
        where ${schema} <> 'public' and has_schema_privilege(${role}, ${schema}, p)
        order by 1`)
      return rows.map(({ found }) => found)
    } finally {
      await db.close()
    }
  }

  it.each(['ours', undefined])('is taken away from all that is made, with the schema %s', async (schema) => {
    const { databaseUrl, anon } = await generous()
    const revector = await open(databaseUrl, schema)
    await revector.db.initialize()
    await revector.models.add(space('narrow', 64))
    await revector.models.add(space('wide', 96))
    await revector.models.use('narrow')
    await revector.ingestion.ingestDocument({ title: 'Owls', content: 'Owls hunt at night.' })
    await revector.migrations.run({ sourceModel: 'narrow', targetModel: 'wide' })
    expect(await allowed(databaseUrl, schema ?? 'public', anon)).toEqual([])

    // What an operator grants later is kept, and holds for the tables of models that come later.
    const prefix = schema ?? 'public'
    await run(
      databaseUrl,
      `grant select on ${prefix}.chunk_embeddings, ${prefix}.embedding_models to ${anon}`,
    )
    await revector.models.add(space('wider', 128))
    expect(await revector.db.run()).toMatchObject({ revision: 6 })
    const newest = await newestModel(databaseUrl, prefix)
    expect(await allowed(databaseUrl, prefix, anon)).toEqual([
      'chunk_embeddings select',
      `chunk_embeddings_model_${newest} select`,
      'embedding_models select',
    ])
  })

  it('is taken away by each later revision and after a rollback; what an operator granted before is kept', async () => {
    const { databaseUrl, anon } = await generous()
    const revector = await open(databaseUrl)
    await revector.db.run({ to: 2 })
    await run(databaseUrl, `grant select on embedding_models to ${anon}`)
    for (const to of [3, 4, 5, 6]) {
      await revector.db.run({ to })
      expect(await allowed(databaseUrl, 'public', anon)).toEqual(['embedding_models select'])
    }
    await revector.db.rollback({ to: 1 })
    expect(await allowed(databaseUrl, 'public', anon)).toEqual([])
  })

  it('stays on the tables of an application that are adopted, and is on nothing beside them', async () => {
    const { databaseUrl, anon } = await generous()
    await run(databaseUrl, 'create extension if not exists vector')
    await run(databaseUrl, `${plainLegacy(8, 20)}; alter table chunk_embeddings drop column id`)
    const before = await allowed(databaseUrl, 'public', anon)
    const revector = await open(databaseUrl)
    await revector.db.run({ model: 'lexical-hash-8' })
    const theirs = /^(documents|chunks)(_id_seq)? |^chunk_embeddings /
    const after = await allowed(databaseUrl, 'public', anon)
    expect(after.filter((one) => theirs.test(one))).toEqual(before.filter((one) => theirs.test(one)))
    // The partition is the old table itself, and who adds rows to it numbers them by the sequence that it now has.
    expect(after.filter((one) => !theirs.test(one)).map((one) => one.replace(/ .*/, ''))).toEqual([
      'chunk_embeddings_id_seq',
      ...Array(7).fill('chunk_embeddings_model_1'),
    ])
    await run(
      databaseUrl,
      `set role ${anon}; delete from chunk_embeddings where chunk_id = 1; insert into chunk_embeddings (chunk_id, model_id, embedding_8) values (1, 1, '[1,2,3,4,5,6,7,8]')`,
    )
    await revector.db.rollback()
    expect(await allowed(databaseUrl, 'public', anon)).toEqual(before)
  })
})

async function newestModel(databaseUrl: string, schema: string): Promise<number> {
  const db = await connectDatabase({ databaseUrl })
  try {
    const { rows } = await db.query<{ id: number }>(
      sql`select max(id) as id from ${ident(schema)}.embedding_models`,
    )
    return rows[0]?.id ?? 0
  } finally {
    await db.close()
  }
}
