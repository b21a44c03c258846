import { inspect } from 'node:util'
import { describe, expect, it, onTestFinished } from 'vitest'
import { isRevectorError, type RevectorError } from '../../src/core/errors.ts'
import { connectDatabase, type DatabaseOptions } from '../../src/postgres/connect.ts'
import { redact } from '../../src/postgres/errors.ts'
import { pgvector } from '../../src/postgres/pgvector.ts'
import { ident, sql } from '../../src/postgres/sql.ts'
import { vectorArray } from '../../src/postgres/vector.ts'
import { describeServer } from '../support/engines.ts'
import { fakePostgres, silentServer } from '../support/fake-postgres.ts'

async function failure(options: DatabaseOptions): Promise<RevectorError> {
  const error: unknown = await connectDatabase(options).then(
    (db) => db.close(),
    (reason: unknown) => reason,
  )
  if (!isRevectorError(error)) throw error ?? new Error('It was opened.')
  // Two sentences: what happened, what to do. And nothing secret anywhere in it.
  expect(error.message).toMatch(/\.$/)
  expect(error.hint).toMatch(/\.$/)
  expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('hunter2')
  return error
}

const versions = {
  number: 170_000,
  version: '17.0',
  available: '0.8.0',
  oid: 1,
  schema: 'public',
  visible: true,
}

describe('connecting', () => {
  it('says that nobody answers', async () => {
    const refused = await failure({ databaseUrl: 'postgresql://u:hunter2@127.0.0.1:1/d' })
    expect(refused).toMatchObject({ code: 'DATABASE_UNREACHABLE', data: { address: '127.0.0.1:1' } })
    const unknown = await failure({ databaseUrl: 'postgresql://u:hunter2@nobody.invalid/d' })
    expect(unknown).toMatchObject({ code: 'DATABASE_UNREACHABLE', data: { address: 'nobody.invalid:5432' } })
    const silent = await failure({
      databaseUrl: `postgresql://u:hunter2@${await silentServer()}/d`,
      connectTimeoutMs: 100,
    })
    expect(silent).toMatchObject({
      code: 'DATABASE_UNREACHABLE',
      message: expect.stringContaining('no response in time'),
    })
  })

  it('says which version is too old, and what is missing', async () => {
    const found = async (row: object): Promise<RevectorError> =>
      failure({
        databaseUrl: `postgresql://u@${await fakePostgres({ ...versions, installed: null, ...row })}/d`,
      })
    expect(await found({ number: 140_011, version: '14.11' })).toMatchObject({
      code: 'DATABASE_TOO_OLD',
      data: { required: '15', found: '14.11' },
    })
    expect(await found({ available: null, oid: null })).toMatchObject({
      code: 'EXTENSION_MISSING',
      hint: expect.stringContaining('postgresql-17-pgvector'),
    })
    expect(await found({ installed: '0.7.4' })).toMatchObject({
      code: 'EXTENSION_TOO_OLD',
      hint: expect.stringContaining('alter extension vector update'),
      data: { required: '0.8', found: '0.7.4' },
    })
  })

  it('says what is wrong with the URL, without repeating it', async () => {
    for (const databaseUrl of [
      "host=x password='hunter2",
      'hunter2',
      'mysql://u:hunter2@h/d',
      'postgresql://u:hunter2@h/d?sslmode=on',
    ]) {
      expect(await failure({ databaseUrl })).toMatchObject({ code: 'CONFIG_INVALID' })
    }
    const certificates = 'postgresql://u:hunter2@h/d?sslmode=verify-full&sslrootcert=/nowhere.pem'
    expect(await failure({ databaseUrl: certificates })).toMatchObject({ code: 'CONFIG_INVALID' })
  })

  it('takes passwords out of texts', () => {
    const text = "postgresql://u:hunter2@h/d and host=h password='hunter2' x, redis://:hunter2@h"
    expect(redact(text)).not.toContain('hunter2')
    expect(redact('postgresql://u@h/d is kept')).toBe('postgresql://u@h/d is kept')
  })
})

describeServer('connecting', (engine, url) => {
  const changed = (change: (url: URL) => void): { databaseUrl: string } => {
    const other = new URL(url)
    change(other)
    return { databaseUrl: other.href }
  }

  it('says that a database is missing', async () => {
    const error = await failure(
      changed((to) => {
        to.pathname = '/no_such_database'
      }),
    )
    expect(error).toMatchObject({
      code: 'DATABASE_MISSING',
      data: { database: 'no_such_database', sqlstate: '3D000' },
    })
  })

  it('says that user or password are wrong', async () => {
    const user = `revector_nobody_${process.pid}`
    const error = await failure(
      changed((to) => {
        to.username = user
        to.password = 'hunter2'
      }),
    )
    expect(error).toMatchObject({ code: 'DATABASE_AUTHENTICATION_FAILED', data: { user } })
  })

  it('says that the server has no TLS where it is insisted on, and does without where it is not', async () => {
    const { databaseUrl } = (await engine.place()) as { databaseUrl: string }
    const withMode = (mode: string): string => `${databaseUrl}?sslmode=${mode}`
    expect(await failure({ databaseUrl: withMode('require') })).toMatchObject({
      code: 'DATABASE_UNREACHABLE',
      message: expect.stringContaining('TLS'),
    })
    const db = await connectDatabase({ databaseUrl: withMode('prefer') })
    await db.close()
  })

  it('creates the extension where it may, says who can where it may not, and what a user lacks', async () => {
    const admin = await engine.connect()
    const { databaseUrl } = (await engine.place()) as { databaseUrl: string }
    const role = `revector_guest_${process.pid}`
    await admin.query(sql`create role ${ident(role)} login password 'hunter2'`)
    onTestFinished(async () => {
      const again = await connectDatabase({ databaseUrl: url })
      await again.query(sql`drop role ${ident(role)}`)
      await again.close()
    })
    const asGuest = new URL(databaseUrl)
    asGuest.username = role
    asGuest.password = 'hunter2'
    expect(await failure({ databaseUrl: asGuest.href })).toMatchObject({
      code: 'EXTENSION_MISSING',
      hint: expect.stringContaining('create extension vector'),
    })
    const owner = await connectDatabase({ databaseUrl })
    await owner.query(sql`create table secret (n int)`)
    await owner.close()
    const guest = await connectDatabase({ databaseUrl: asGuest.href })
    await expect(guest.query(sql`select * from secret`)).rejects.toMatchObject({
      code: 'DATABASE_PERMISSION_DENIED',
      data: { sqlstate: '42501' },
    })
    await guest.close()
  })

  it('finds the extension in a schema of its own', async () => {
    const place = await engine.place()
    const first = await connectDatabase(place)
    await first.query(sql`drop extension vector; create schema ext; create extension vector schema ext`)
    await first.close()
    const db = await connectDatabase({ ...place, poolSize: 3 })
    const widths = await Promise.all(
      [1, 2, 3].map((n) =>
        db.query(
          sql`select ${pgvector('vector_dims')}((${vectorArray([new Float32Array(n)])}::${pgvector('vector')}[])[1]) as n`,
        ),
      ),
    )
    expect(widths.map(({ rows }) => rows)).toEqual([[{ n: 1 }], [{ n: 2 }], [{ n: 3 }]])
    await db.session((session) => session.query(sql`set search_path = public`))
    expect((await db.query(sql`select '[1]'::${pgvector('vector')} as v`)).rows).toEqual([{ v: '[1]' }])
    await db.close()
  })

  it('keeps to its limits: connections, time for a statement, time for a lock', async () => {
    const db = await engine.connect({
      poolSize: 2,
      statementTimeoutMs: 2_000,
      lockTimeoutMs: 1_500,
      applicationName: 'limits',
    })
    const slow = db.query(sql`select pg_sleep(30)`)
    await expect(slow).rejects.toMatchObject({ code: 'DATABASE_FAILED', data: { sqlstate: '57014' } })
    await Promise.all(Array.from({ length: 9 }, () => db.query(sql`select pg_sleep(0.01)`)))
    const { rows } = await db.query(sql`
      select count(*)::int as connections, current_setting('lock_timeout') as lock_timeout
      from pg_stat_activity where datname = current_database() and application_name = 'limits'`)
    expect(rows).toEqual([{ connections: 2, lock_timeout: '1500ms' }])
  })
})
