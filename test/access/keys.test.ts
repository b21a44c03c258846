import { describe, expect, it } from 'vitest'
import { auditPage } from '../../src/access/audit.ts'
import { hashOf, idOfKey, isKeyOf, makeKey } from '../../src/access/key-text.ts'
import { createKey, revokeKey } from '../../src/access/keys.ts'
import { createUseLog } from '../../src/access/use-log.ts'
import { createKeyCheck } from '../../src/access/verify.ts'
import { allows, scopes } from '../../src/core/access.ts'
import { RevectorError } from '../../src/core/errors.ts'
import { createRedactor } from '../../src/logs/redact.ts'
import type { Database, QueryOptions } from '../../src/postgres/database.ts'
import { type Sql, sql } from '../../src/postgres/sql.ts'
import { runRevisions } from '../../src/schema/upgrade.ts'
import { keyInForce, listKeys } from '../../src/store/api-keys.ts'
import { describeEngines } from '../support/engines.ts'

describe('a key', () => {
  it('is of its own hash only, and of none when there is no such key', () => {
    const one = makeKey()
    const other = makeKey()
    expect(idOfKey(one.secret)).toBe(one.id)
    expect(isKeyOf(one.secret, one.hash)).toBe(true)
    expect(isKeyOf(one.secret, other.hash)).toBe(false)
    expect(isKeyOf(one.secret, null)).toBe(false)
    // Not even what would hash to the stand-in.
    expect(hashOf(one.secret)).toHaveLength(32)
    for (const text of ['', 'rvk_', `${one.secret}x`, ` ${one.secret}`, one.secret.slice(0, -1), one.id]) {
      expect(idOfKey(text), text).toBeNull()
    }
  })

  it('gives itself away in logs by its form', () => {
    const { secret } = makeKey()
    const { text, value } = createRedactor()
    expect(text(`curl with ${secret}, it said`)).toBe('curl with [redacted], it said')
    expect(JSON.stringify(value({ argv: [secret] }))).not.toContain(secret.slice(5))
  })

  it('of a wider scope allows what a narrower one does', () => {
    const table = scopes.map((held) => scopes.filter((needed) => allows(held, needed)))
    expect(table).toEqual([['read'], ['read', 'write'], ['read', 'write', 'admin']])
  })
})

describeEngines('keys', (engine) => {
  it('are made, found, revoked, and leave a trail; the key itself is nowhere', async () => {
    const db = await engine.connect()
    await runRevisions(db)
    const { key, secret } = await createKey({ db }, { name: 'website', scope: 'read', actor: 'ann@host' })
    expect(key).toMatchObject({ name: 'website', scope: 'read', createdBy: 'ann@host', revokedAt: null })
    const { rows } = await db.query<{ row: string }>(sql`select k::text as row from revector_api_keys k`)
    expect(rows[0]?.row).not.toContain(secret.split('_').slice(2).join('_'))

    await expect(createKey({ db }, { name: 'website', scope: 'admin' })).rejects.toMatchObject({
      code: 'KEY_EXISTS',
    })
    expect(await revokeKey({ db }, 'website', { actor: 'bob' })).toMatchObject({ id: key.id })
    expect(await keyInForce(db, key.id)).toBeNull()
    await expect(revokeKey({ db }, key.id)).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await createKey({ db }, { name: 'website', scope: 'write', requestsPerMinute: 7 })
    expect((await listKeys(db)).map(({ scope, requestsPerMinute }) => [scope, requestsPerMinute])).toEqual([
      ['write', 7],
      ['read', null],
    ])
    const { entries, next } = await auditPage({ db }, { limit: 2 })
    expect(entries.map(({ actor, action, subject }) => [actor, action, subject])).toEqual([
      [expect.any(String), 'keys.create', expect.any(String)],
      ['bob', 'keys.revoke', key.id],
    ])
    expect(await auditPage({ db }, { before: next ?? '' })).toMatchObject({
      entries: [{ actor: 'ann@host', action: 'keys.create', subject: key.id }],
      next: null,
    })
  })

  it('are refused when their name, limit or end make no sense', async () => {
    const db = await engine.connect()
    await runRevisions(db)
    const unfit = [
      { name: '' },
      { name: 'x'.repeat(101) },
      { name: 'a\u0000b' },
      { name: '-x' },
      { requestsPerMinute: 0 },
      { requestsPerMinute: 1.5 },
      { expiresAt: new Date(0) },
      { expiresAt: new Date('no') },
    ]
    for (const wrong of unfit) {
      await expect(createKey({ db }, { name: 'n', scope: 'read', ...wrong })).rejects.toMatchObject({
        code: 'INVALID_INPUT',
      })
    }
    expect(await listKeys(db)).toEqual([])
  })

  it('are remembered for a moment only, and not past their end', async () => {
    const db = await engine.connect()
    await runRevisions(db)
    let now = Date.now()
    const check = createKeyCheck({ note: () => {} }, () => now)
    expect(await check.required({ db })).toBe(false)
    const lasting = await createKey({ db }, { name: 'a', scope: 'read' })
    const ending = await createKey({ db }, { name: 'b', scope: 'read', expiresAt: new Date(now + 3_600_000) })
    expect(await check.required({ db })).toBe(false)
    now += 5_001
    expect(await check.required({ db })).toBe(true)

    expect(await check.verify({ db }, lasting.secret)).toMatchObject({ name: 'a' })
    expect(
      await check.verify({ db }, `${lasting.secret.slice(0, -1)}${lasting.secret.endsWith('A') ? 'E' : 'A'}`),
    ).toBeNull()
    expect(await check.verify({ db }, makeKey().secret)).toBeNull()
    await db.query(sql`update revector_api_keys set revoked_at = now() where name = 'a'`)
    expect(await check.verify({ db }, lasting.secret)).toMatchObject({ name: 'a' })
    now += 5_001
    expect(await check.verify({ db }, lasting.secret)).toBeNull()

    expect(await check.verify({ db }, ending.secret)).toMatchObject({ name: 'b' })
    await db.query(sql`update revector_api_keys set expires_at = now() - interval '1 s' where name = 'b'`)
    now += 5_001
    expect(await check.verify({ db }, ending.secret)).toBeNull()
    // Nobody gets in without a key because the last one ended.
    expect(await check.required({ db })).toBe(true)
  })

  it('record their uses beside the requests: a failure is tried again, a database without writes is none', async () => {
    const db = await engine.connect()
    await runRevisions(db)
    let now = Date.now()
    const uses = createUseLog(() => now)
    const check = createKeyCheck(uses, () => now)
    const { key, secret } = await createKey({ db }, { name: 'a', scope: 'read' })
    const lastUse = async () => (await listKeys(db))[0]?.lastUsedAt?.getTime() ?? null

    // Whatever becomes of the record, the request has its answer.
    let writes: 'fail' | 'refused' = 'fail'
    const refusing: Database = {
      ...db,
      query: async <Row extends object>(statement: Sql, options?: QueryOptions) => {
        if (!/update/.test(statement.text)) return db.query<Row>(statement, options)
        throw new RevectorError(writes === 'fail' ? 'DATABASE_FAILED' : 'DATABASE_READ_ONLY', 'No.')
      },
    }
    expect(await check.verify({ db: refusing }, secret)).toMatchObject({ id: key.id })
    await uses.flush()
    expect(await lastUse()).toBeNull()
    writes = 'refused'
    await uses.flush()
    uses.note({ db }, 'another')
    await uses.flush()
    expect(await lastUse()).toBeNull()

    uses.note({ db }, key.id)
    expect(await lastUse()).toBeNull()
    const first = now
    await uses.flush()
    expect(await lastUse()).toBe(first)
    now += 59_000
    uses.note({ db }, key.id)
    await uses.flush()
    expect(await lastUse()).toBe(first)
    now += 2_000
    uses.note({ db }, key.id)
    await uses.flush()
    expect(await lastUse()).toBe(now)
  })

  it('that are made or revoked while one is looked up are not remembered as before', async () => {
    const db = await engine.connect()
    await runRevisions(db)
    const check = createKeyCheck({ note: () => {} })
    /** Something is done by this process after the answer of the database, before it is heard. */
    const then = (act: () => Promise<unknown>): Database => ({
      ...db,
      query: async <Row extends object>(statement: Sql, options?: QueryOptions) => {
        const answer = await db.query<Row>(statement, options)
        await act()
        check.forget()
        return answer
      },
    })
    let secret = ''
    const make = async () => {
      if (secret === '') secret = (await createKey({ db }, { name: 'one', scope: 'read' })).secret
    }
    expect(await check.required({ db: then(make) })).toBe(false)
    expect(await check.required({ db })).toBe(true)
    expect(
      await check.verify({ db: then(() => revokeKey({ db }, 'one').catch(() => {})) }, secret),
    ).toMatchObject({ name: 'one' })
    expect(await check.verify({ db }, secret)).toBeNull()
  })
})
