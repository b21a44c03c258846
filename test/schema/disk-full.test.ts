import { expect, it } from 'vitest'
import { work } from '../../src/migrate/fill/work.ts'
import { resumeMigration } from '../../src/migrate/pause.ts'
import { raw } from '../../src/postgres/sql.ts'
import { watchedSession } from '../../src/schema/build-watch.ts'
import { indexState } from '../../src/schema/catalog.ts'
import { buildIndex } from '../../src/schema/index-build.ts'
import { testCorpus, writeLines } from '../support/corpus-deps.ts'
import { describeServer } from '../support/engines.ts'
import { beginFill, expectFilled, quick, stateOf, texts } from '../support/fills.ts'

/** The server's own words and code, as it says them when a file cannot grow. */
const full = (code: string) =>
  `raise exception 'could not extend file "base/1/2": No space left on device' using errcode = '${code}'`

describeServer('a disk that is full', (engine) => {
  it.each([
    ['53100', 'DATABASE_FULL'],
    ['53200', 'DATABASE_FAILED'],
  ])('is given back what a failed build took (%s)', async (sqlstate, code) => {
    const db = await engine.connect()
    await db.query(
      raw(`
      create table numbers as select n from generate_series(1, 9) as n;
      create function grow(n int) returns int immutable language plpgsql as $$ begin ${full(sqlstate)}; end $$`),
    )
    const build = watchedSession(db, undefined, (session, watch) =>
      buildIndex(
        { session, watch, concurrent: db.concurrent },
        { table: { schema: 'public', name: 'numbers' }, name: 'numbers_idx', body: raw('(grow(n))') },
      ),
    )
    await expect(build).rejects.toMatchObject({ code, data: { sqlstate } })
    expect(await indexState(db, { schema: 'public', name: 'numbers_idx' })).toBe('missing')
  })

  it('pauses a migration whose index does not fit, until there is room', async () => {
    const corpus = { ...(await testCorpus(await engine.connect())), pace: quick }
    const { db } = corpus
    await writeLines(corpus, 'a.md', texts(100))
    const migration = await beginFill(corpus)
    await db.query(
      raw(`
      create function no_room() returns event_trigger language plpgsql as $$ begin ${full('53100')}; end $$;
      create event trigger no_room on ddl_command_start when tag in ('CREATE INDEX') execute function no_room()`),
    )
    await work(corpus, { once: true, migrationId: migration.id })
    expect(await stateOf(corpus, migration)).toMatchObject({
      state: 'paused',
      pausedFrom: 'indexing',
      error: { code: 'DATABASE_FULL', by: 'fault' },
    })
    await db.query(raw('drop event trigger no_room'))
    await resumeMigration(corpus, { migrationId: migration.id })
    await work(corpus, { once: true, migrationId: migration.id })
    expect(await stateOf(corpus, migration)).toMatchObject({ state: 'ready' })
    await expectFilled(corpus)
  })
})
