import { describe, expect, it } from 'vitest'
import { connectDatabase } from '../../src/postgres/connect.ts'
import { sql } from '../../src/postgres/sql.ts'
import { describeEngines, type Engine } from '../support/engines.ts'
import { runCli, startCli } from './run-cli.ts'

/** The guide's "before", as somebody else made it: eight numbers wide, their own names. */
async function legacyPlace(engine: Engine): Promise<readonly string[]> {
  const place = await engine.place()
  const db = await connectDatabase(place)
  await db.query(sql`create extension if not exists vector`)
  await db.query(sql`create table articles (id serial primary key, headline text not null)`)
  await db.query(sql`
    create table passages (
      id serial primary key,
      article_id int not null references articles (id),
      body text not null
    )`)
  await db.query(sql`
    create table chunk_embeddings (
      id serial primary key,
      chunk_id int not null references passages (id) on delete cascade,
      embedding vector(8)
    )`)
  await db.query(sql`insert into articles (headline) values ('Tides'), ('Bread')`)
  await db.query(sql`
    insert into passages (article_id, body)
    select 1 + n % 2, 'passage number ' || n from generate_series(1, 30) as n`)
  await db.query(sql`
    insert into chunk_embeddings (chunk_id, embedding)
    select id, array[id, 1, 1, 1, 1, 1, 1, 1]::vector(8) from passages`)
  await db.close()
  return 'dataDir' in place ? ['--data-dir', place.dataDir] : ['--database-url', place.databaseUrl]
}

describeEngines('adopting a fixed-dimension database on the command line', (engine) => {
  it('goes as the guide says: status, init, run, search, rollback', { timeout: 120_000 }, async () => {
    const where = await legacyPlace(engine)
    const cli = (...args: readonly string[]) => runCli([...args, ...where, '--json'])

    const before = (await cli('db', 'status')).json()
    expect(before.legacy).toMatchObject({ column: 'embedding', dimension: 8, rows: 30 })
    expect(before.legacy.table).toContain('chunk_embeddings')
    expect((await cli('db', 'init')).json().legacy).toEqual(before.legacy)
    const people = await runCli(['db', 'status', ...where])
    expect(people.stdout).toContain('Next: make a backup')

    // Not before it is said which model made the vectors …
    const unknown = await cli('db', 'run', '--yes')
    expect([unknown.code, unknown.json().error.code]).toEqual([2, 'UPGRADE_MODEL_UNKNOWN'])
    // … nor before somebody agreed, having seen what will be done and locked.
    const unasked = await cli('db', 'run', '--model', 'lexical-hash-8')
    expect([unasked.code, unasked.json().error.code]).toEqual([3, 'CONSENT_MISSING'])
    expect(unasked.stderr).toMatch(
      /^Adopts .*chunk_embeddings\.embedding vector\(8\): 30 rows, .*made by lexical-hash-8\.\n[\s\S]*locks: /,
    )
    expect((await cli('db', 'status')).json()).toEqual(before)

    const after = await cli('db', 'run', '--model', 'lexical-hash-8', '--yes')
    expect(after.code).toBe(0)
    expect(after.json()).toMatchObject({ legacy: null, documents: 2, chunks: 30 })
    expect(after.json().revision).toBe(after.json().latest_revision)
    expect(after.json().models.find((model: { current: boolean }) => model.current)).toMatchObject({
      model_name: 'lexical-hash-8',
      dimension: 8,
      embeddings: 30,
      coverage: 1,
    })

    const found = (await cli('search', 'passage number 7', '--top-k', '30')).json()
    expect(found.hits).toHaveLength(30)
    expect(found.hits.map((hit: { content: string }) => hit.content)).toContain('passage number 7')
    expect(new Set(found.hits.map((hit: { title: string }) => hit.title))).toEqual(
      new Set(['Tides', 'Bread']),
    )

    // What an application writes past Revector is missed, and made on demand.
    const [flag, at = ''] = where
    const place = flag === '--data-dir' ? { dataDir: at } : { databaseUrl: at }
    const db = await connectDatabase(place)
    await db.query(sql`insert into passages (article_id, body) values (1, 'a late passage about zebras')`)
    await db.close()
    const missing = (await cli('doctor', '--no-probe')).json().checks
    expect(missing).toContainEqual(
      expect.objectContaining({
        check: 'missing_vectors',
        hint: expect.stringContaining('revector models fill lexical-hash-8'),
      }),
    )
    expect((await cli('models', 'fill', 'lexical-hash-8')).code).toBe(3)
    const filled = await cli('models', 'fill', 'lexical-hash-8', '--yes')
    expect(filled.json()).toMatchObject({ embedded: 1, present: 30 })
    expect((await cli('models', 'fill', 'lexical-hash-8')).json()).toMatchObject({ embedded: 0, present: 31 })

    const back = await cli('db', 'rollback', '--yes')
    expect(back.code).toBe(0)
    const up = await cli('db', 'rollback', '--to', '3', '--yes')
    expect([up.code, up.json().revision]).toEqual([0, 1])
    expect(up.stderr).toBe(
      'Nothing to roll back: the schema is at revision 1, below 3. To upgrade: revector db run --to 3\n',
    )
    expect((await cli('db', 'status')).json().legacy).toEqual({ ...before.legacy, rows: 31 })
  })
})

describeEngines('a service on a database that was not adopted', (engine) => {
  it('starts, and says on the terminal what it waits for', { timeout: 120_000 }, async () => {
    const where = await legacyPlace(engine)
    const service = startCli(['serve', '--port', '0', ...where])
    await service.sees(/warning: Not ready: the database is at revision 0 of \d+\. Run: revector db run/)
    service.child.kill('SIGINT')
    expect((await service.finished).code).toBe(0)
  })
})

describe('a server that cannot be reached', () => {
  it.each([
    ['nobody listens', 'postgres://u:hunter2-secret@127.0.0.1:1/d', 'DATABASE_UNREACHABLE'],
    ['no such host', 'postgres://u:hunter2-secret@no-such-host.invalid/d', 'DATABASE_UNREACHABLE'],
  ])('%s: one sentence, no password', async (_, url, code) => {
    const {
      code: exit,
      stdout,
      stderr,
    } = await runCli(['db', 'status', '--json', '--verbose', '--database-url', url])
    expect(exit).toBe(1)
    expect(JSON.parse(stdout).error.code).toBe(code)
    expect(stdout + stderr).not.toContain('hunter2')
  })
})
