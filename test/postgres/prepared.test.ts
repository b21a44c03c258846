import pg from 'pg'
import { expect, it, onTestFinished } from 'vitest'
import { createSendPrepared } from '../../src/postgres/prepared.ts'
import { sql } from '../../src/postgres/sql.ts'
import { describeServer } from '../support/engines.ts'

const pgvector = { oid: 0, schema: 'public' }

// What a pooler does to prepared statements, done to a session by its own hands.
describeServer('statements that a connection plans once', (engine) => {
  it('are sent plain, for good, where a pooler hands them to a session that lacks them', async () => {
    const client = await connect()
    const send = createSendPrepared()
    const ask = async (n: number) =>
      (await send<{ n: number }>(client, sql`select ${n}::int as n`, pgvector)).rows
    expect(await ask(1)).toEqual([{ n: 1 }])
    expect(await prepared(client)).toBe(1)
    await client.query('deallocate all')
    expect(await ask(2)).toEqual([{ n: 2 }])
    expect(await ask(3)).toEqual([{ n: 3 }])
    expect(await prepared(client)).toBe(0)
  })

  it('are sent plain where a pooler hands them to a session in which another program prepared that name', async () => {
    const first = await connect()
    const send = createSendPrepared()
    await send(first, sql`select ${1}::int as n`, pgvector)
    const { rows } = await first.query<{ name: string }>('select name from pg_prepared_statements')
    const second = await connect()
    await second.query(`prepare "${rows[0]?.name}" as select 'of another'`)
    expect((await send<{ n: number }>(second, sql`select ${4}::int as n`, pgvector)).rows).toEqual([{ n: 4 }])
  })

  it('are planned anew where a table has changed under them, and kept after that', async () => {
    const client = await connect()
    await client.query('create table grown (a int); insert into grown values (1)')
    const send = createSendPrepared()
    const ask = async () => (await send(client, sql`select * from grown where a = ${1}`, pgvector)).rows
    expect(await ask()).toEqual([{ a: 1 }])
    await client.query('alter table grown add column b text')
    expect(await ask()).toEqual([{ a: 1, b: null }])
    const other = await connect()
    await other.query('create table grown (a int); insert into grown values (1)')
    await send(other, sql`select * from grown where a = ${1}`, pgvector)
    expect(await prepared(other)).toBe(1)
  })

  it('leave every other error as it is', async () => {
    const client = await connect()
    await expect(
      createSendPrepared()(client, sql`select 1 / ${0}::int as n`, pgvector),
    ).rejects.toMatchObject({
      code: '22012',
    })
  })

  async function connect(): Promise<pg.Client> {
    const place = await engine.place()
    if (!('databaseUrl' in place)) throw new Error('A server was expected')
    const client = new pg.Client({ connectionString: place.databaseUrl })
    await client.connect()
    onTestFinished(() => client.end())
    return client
  }

  async function prepared(client: pg.Client): Promise<number> {
    const { rows } = await client.query<{ n: number }>(
      'select count(*)::int as n from pg_prepared_statements',
    )
    return rows[0]?.n ?? 0
  }
})
