import { readdir, readFile, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { backup, restore } from '../../src/postgres/backup.ts'
import { connectDatabase, type DatabaseOptions } from '../../src/postgres/connect.ts'
import type { Database } from '../../src/postgres/database.ts'
import { sql } from '../../src/postgres/sql.ts'
import { vectorArray } from '../../src/postgres/vector.ts'
import { describeEngines, type Engine, temporaryFolder } from '../support/engines.ts'

async function fill(db: Database): Promise<void> {
  await db.query(sql`
    create table docs (id bigint generated always as identity primary key, title text not null, data jsonb, at timestamptz);
    create type mood as enum ('good', 'bad');
    create table "odd ""name" (doc bigint references docs on delete cascade, m mood, v vector(3)) partition by list (m);
    create table odd_good partition of "odd ""name" for values in ('good');
    create index on odd_good using hnsw (v vector_cosine_ops);
    create schema aside; create table aside.empty ();
    create function aside.f() returns int language sql as 'select 1'`)
  await db.query(sql`
    insert into docs (title, data, at)
    select 'Titel ü' || n, jsonb_build_object('n', n), '2020-01-01'::timestamptz + n * interval '1 hour'
    from generate_series(1, 50) n`)
  const vectors = Array.from({ length: 50 }, (_, i) => Float32Array.of(i / 3, 1e-20, -i))
  await db.query(sql`
    insert into "odd ""name" select n, 'good', v
    from unnest(${vectorArray(vectors)}::vector[]) with ordinality t(v, n)`)
}

async function content(db: Database): Promise<unknown> {
  const { rows } = await db.query(sql`
    select d.*, vector_send(o.v) from docs d join "odd ""name" o on o.doc = d.id order by d.id`)
  return rows
}

/** A filled database, and what it was opened with. */
async function filled(engine: Engine): Promise<{ db: Database; options: DatabaseOptions }> {
  const options = await engine.place()
  const db = await connectDatabase(options)
  await fill(db)
  return { db, options }
}

describeEngines('backup and restore', (engine) => {
  const names = engine.name === 'server' ? ['b.sql', 'b.dump'] : ['b.tgz']

  it.each(names)('brings back every row into an empty database: %s', async (name) => {
    const { db, options } = await filled(engine)
    const folder = await temporaryFolder()
    const file = join(folder, name)
    const before = await content(db)
    const written = await backup({ database: db, options }, file)
    await db.close()
    expect(written.tables).toEqual([
      { name: 'aside.empty', rows: 0, checksum: '0' },
      { name: 'public.docs', rows: 50, checksum: expect.stringMatching(/^-?\d+$/) },
      { name: 'public.odd_good', rows: 50, checksum: expect.stringMatching(/^-?\d+$/) },
    ])
    expect(await readdir(folder)).toEqual([name])

    const target = await engine.place()
    const restored = await restore(target, file)
    expect(restored).toMatchObject({ tables: written.tables, verified: true, bytes: written.bytes })
    const again = await connectDatabase(target)
    expect(await content(again)).toEqual(before)
    await again.close()
  })

  it.each(names)('brings back a table whose rows are the last thing in the dump: %s', async (name) => {
    const options = await engine.place()
    const db = await connectDatabase(options)
    await db.query(sql`create table t as select 1 as n`)
    const file = join(await temporaryFolder(), name)
    await backup({ database: db, options }, file)
    await db.close()
    const target = await engine.place()
    await restore(target, file)
    const again = await connectDatabase(target)
    expect((await again.query(sql`select n from t`)).rows).toEqual([{ n: 1 }])
    await again.close()
  })

  it.each(names)('replaces a database only with consent, and then entirely: %s', async (name) => {
    const { db, options } = await filled(engine)
    const file = join(await temporaryFolder(), name)
    await backup({ database: db, options }, file)
    const before = await content(db)
    await db.query(sql`delete from docs where id > 10; create table later (n int)`)
    await db.close()
    await expect(restore(options, file)).rejects.toMatchObject({ code: 'CONSENT_MISSING' })
    await restore(options, file, { force: true })
    const again = await connectDatabase(options)
    expect(await content(again)).toEqual(before)
    expect((await again.query(sql`select to_regclass('later') as t`)).rows).toEqual([{ t: null }])
    await again.close()
  })

  it.each(names)('leaves the database as it was when the backup is damaged: %s', async (name) => {
    const { db, options } = await filled(engine)
    const file = join(await temporaryFolder(), name)
    await backup({ database: db, options }, file)
    const before = await content(db)
    await db.close()
    await truncate(file, Math.floor((await readFile(file)).length * 0.6))
    await expect(restore(options, file, { force: true })).rejects.toMatchObject({ code: 'BACKUP_FAILED' })
    const again = await connectDatabase(options)
    expect(await content(again)).toEqual(before)
    await again.close()
  })

  it('does not overwrite a file unless told, and leaves none behind when stopped', async () => {
    const { db, options } = await filled(engine)
    const folder = await temporaryFolder()
    const file = join(folder, 'b.sql')
    await writeFile(file, 'mine')
    await expect(backup({ database: db, options }, file)).rejects.toMatchObject({ code: 'INVALID_INPUT' })
    expect(await readFile(file, 'utf8')).toBe('mine')
    const stopped = backup({ database: db, options }, join(folder, 'c'), { signal: AbortSignal.abort() })
    await expect(stopped).rejects.toMatchObject({ code: 'INTERRUPTED' })
    await backup({ database: db, options }, file, { overwrite: true })
    expect(await readdir(folder)).toEqual(['b.sql'])
    await db.close()
  })

  it('refuses what is no backup, or one of the other engine', async () => {
    const target = await engine.place()
    const folder = await temporaryFolder()
    await writeFile(join(folder, 'x'), 'hello')
    await expect(restore(target, join(folder, 'x'))).rejects.toMatchObject({ code: 'BACKUP_FAILED' })
    await expect(restore(target, join(folder, 'none'))).rejects.toMatchObject({ code: 'NOT_FOUND' })
    const { db, options } = await filled(engine)
    const file = join(folder, 'b.sql')
    await backup({ database: db, options }, file)
    await db.close()
    const other =
      engine.name === 'server'
        ? { dataDir: join(folder, 'd') }
        : { databaseUrl: 'postgresql://127.0.0.1:1/x' }
    await expect(restore(other, file)).rejects.toMatchObject({ code: 'BACKUP_FAILED' })
  })
})
