import { expect, it } from 'vitest'
import { auditPage, beginAudit, endAudit } from '../../src/access/audit.ts'
import { runOnce } from '../../src/access/run-once.ts'
import { RevectorError } from '../../src/core/errors.ts'
import type { Database } from '../../src/postgres/database.ts'
import { sql } from '../../src/postgres/sql.ts'
import { runRevisions } from '../../src/schema/upgrade.ts'
import { dropExpired } from '../../src/store/idempotency-keys.ts'
import { describeEngines } from '../support/engines.ts'

describeEngines('a repeated request', (engine) => {
  const request = { owner: 'k', key: 'one', request: ['POST', '/documents', '{"title":"a"}'] }

  it('gets the first answer, and does nothing again', async () => {
    const db = await engine.connect()
    await runRevisions(db)
    let worked = 0
    const work = async () => {
      worked += 1
      return { status: 201, headers: { location: '/x' }, body: { id: '1', text: 'a\u0000b \ud800' } }
    }
    const first = await runOnce({ db }, request, work)
    const second = await runOnce({ db }, request, work)
    expect(first).toMatchObject({ status: 201, replayed: false })
    expect(second).toEqual({ ...first, replayed: true })
    expect(worked).toBe(1)
    // Of another owner it is another request.
    await runOnce({ db }, { ...request, owner: '' }, work)
    expect(worked).toBe(2)
    const cut = { ...request, request: ['POST', '/document', 's{"title":"a"}'] }
    await expect(runOnce({ db }, cut, work)).rejects.toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' })
    await expect(runOnce({ db }, { ...request, key: 'ü' }, work)).rejects.toMatchObject({
      code: 'INVALID_INPUT',
    })
  })

  it('is refused while the first is being answered, and may be tried again when that failed', async () => {
    const db = await engine.connect()
    await runRevisions(db)
    const fails = runOnce({ db }, request, async () => {
      await expect(runOnce({ db }, request, async () => ({ status: 200, body: null }))).rejects.toMatchObject(
        {
          code: 'IDEMPOTENCY_CONFLICT',
          data: { retryAfterSeconds: expect.any(Number) },
        },
      )
      throw new Error('the provider is down')
    })
    await expect(fails).rejects.toThrow('the provider is down')
    expect(await runOnce({ db }, request, async () => ({ status: 201, body: 1 }))).toMatchObject({
      body: 1,
      replayed: false,
    })
  })

  it('is done by one of many that come at once', async () => {
    const db = await engine.connect()
    await runRevisions(db)
    let worked = 0
    let end: () => void = () => {}
    const ended = new Promise<void>((resolve) => {
      end = resolve
    })
    const outcomes = Array.from({ length: 20 }, () =>
      runOnce({ db }, request, async () => {
        worked += 1
        await ended
        return { status: 201, body: 'done' }
      }),
    )
    let refused = 0
    for (const outcome of outcomes) {
      outcome.catch(() => {
        refused += 1
        if (refused === 19) end()
      })
    }
    const settled = await Promise.allSettled(outcomes)
    expect(worked).toBe(1)
    expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })

  it('is answered when it was done, though the database is lost before the answer is kept', async () => {
    const db = await engine.connect()
    await runRevisions(db)
    const lost = async (): Promise<never> => {
      throw new RevectorError('DATABASE_UNREACHABLE', 'Gone.')
    }
    let gone = false
    const failing: Database = {
      ...db,
      query: (statement, options) => (gone ? lost() : db.query(statement, options)),
      transaction: (work, options) => (gone ? lost() : db.transaction(work, options)),
    }
    const answer = await runOnce({ db: failing }, request, async () => {
      gone = true
      return { status: 201, body: 1 }
    })
    expect(answer).toMatchObject({ status: 201, body: 1, replayed: false })
  })

  it('may be tried anew when whoever answered it died, and is forgotten after a day', async () => {
    const db = await engine.connect()
    await runRevisions(db)
    await runOnce({ db }, request, async () => ({ status: 201, body: 1 }))
    await db.query(sql`
      update revector_idempotency_keys set answer = null, leased_until = now() - interval '1 s'`)
    expect(await runOnce({ db }, request, async () => ({ status: 201, body: 2 }))).toMatchObject({ body: 2 })
    await db.query(sql`update revector_idempotency_keys set expires_at = now() - interval '1 s'`)
    const other = { ...request, request: 'something else' }
    expect(await runOnce({ db }, other, async () => ({ status: 200, body: 3 }))).toMatchObject({ body: 3 })
    await db.query(sql`update revector_idempotency_keys set expires_at = now() - interval '1 s'`)
    expect(await dropExpired(db)).toBe(1)
  })
})

describeEngines('the audit', (engine) => {
  it('has an entry before the change, and its answer after it, whatever characters were sent', async () => {
    const db = await engine.connect()
    await runRevisions(db)
    const id = await beginAudit(
      { db },
      {
        actor: 'key:1',
        action: 'addModel',
        subject: `x\u0000\ud800${'y'.repeat(2_000)}`,
        data: { deep: ['\u0000', { a: '\udfff' }] },
      },
    )
    expect((await auditPage({ db })).entries).toMatchObject([{ id, status: null }])
    await endAudit({ db }, id, 201)
    const { entries } = await auditPage({ db })
    expect(entries).toMatchObject([{ status: 201, data: { deep: ['\ufffd', { a: '\ufffd' }] } }])
    expect(entries[0]?.subject).toHaveLength(1_000)
  })
})
