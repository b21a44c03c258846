import { expect, it } from 'vitest'
import { makeKey } from '../../src/access/key-text.ts'
import { allows, type Scope, scopes } from '../../src/core/access.ts'
import type { Operation } from '../../src/http/contract/operation.ts'
import { operations } from '../../src/http/contract/operations.ts'
import { openApp } from './open-app.ts'

/** Nothing of this name exists, so that what is allowed does no harm. */
const urlOf = ({ path }: Operation): string => path.replace(/\{\w+\}/g, '999')

/** What may come back from what asks anybody, or from a key that is wide enough. */
const letIn = (status: number): boolean => status !== 401 && status !== 403 && status < 500

it('every path lets in whom it should, and nobody else', { timeout: 120_000 }, async () => {
  const { app, revector } = await openApp()
  const keyOf = async (scope: Scope): Promise<string> =>
    (await revector.keys.create({ name: scope, scope })).secret
  const keys = { read: await keyOf('read'), write: await keyOf('write'), admin: await keyOf('admin') }
  const gone = await revector.keys.create({ name: 'gone', scope: 'admin' })
  await revector.keys.revoke('gone')
  const wrong: Record<string, string | undefined> = {
    'no key': undefined,
    'a wrong key': `Bearer ${makeKey().secret}`,
    'a key of another secret': `Bearer ${keys.admin.slice(0, -6)}AAAAAA`,
    'no such scheme': `Basic ${keys.admin}`,
    'no scheme': keys.admin,
    'two keys': `Bearer ${keys.admin} ${keys.admin}`,
    'nothing after Bearer': 'Bearer ',
    'a revoked key': `Bearer ${gone.secret}`,
  }

  async function ask(
    operation: Operation,
    authorization: string | undefined,
  ): Promise<{ status: number; body: string }> {
    const { method } = operation
    const response = await app.inject({
      method,
      url: urlOf(operation),
      headers: authorization === undefined ? {} : { authorization },
      ...(method === 'POST' || method === 'PUT' ? { payload: {} } : {}),
    })
    return { status: response.statusCode, body: response.body }
  }

  const found: Record<string, string> = {}
  const expected: Record<string, string> = {}
  for (const operation of operations) {
    const { scope } = operation
    for (const [what, authorization] of Object.entries(wrong)) {
      const { status } = await ask(operation, authorization)
      const cell = `${operation.id} with ${what}`
      found[cell] = scope === null ? String(letIn(status)) : String(status)
      // Wrong keys are counted: sixty in a minute, then it is said that there were too many.
      expected[cell] = scope === null ? 'true' : status === 429 ? '429' : '401'
    }
    for (const held of scopes) {
      const { status, body } = await ask(operation, `Bearer ${keys[held]}`)
      const cell = `${operation.id} with ${held}`
      const may = scope === null || allows(held, scope)
      found[cell] = may ? (letIn(status) ? 'in' : `${status} ${body}`) : String(status)
      expected[cell] = may ? 'in' : '403'
    }
  }
  expect(found).toEqual(expected)
})

it('who asks for headers alone is asked for the same key, and no stream goes on for it', async () => {
  const { app, revector } = await openApp()
  const { secret } = await revector.keys.create({ name: 'k', scope: 'admin' })
  for (const operation of operations.filter(({ method }) => method === 'GET')) {
    const { scope, id, events } = operation
    const ask = async (headers: Record<string, string>) =>
      (await app.inject({ method: 'HEAD', url: urlOf(operation), headers })).statusCode
    const without = await ask({})
    expect([id, without]).toEqual([id, events !== undefined ? 405 : scope === null ? 200 : 401])
    const asked = await ask({ authorization: `Bearer ${secret}` })
    expect(events === undefined ? letIn(asked) : asked === 405, `${id} ${asked}`).toBe(true)
  }
})

it('a path without a scope is one that tells nothing of the documents', () => {
  const open = operations.filter(({ scope }) => scope === null).map(({ path }) => path)
  for (const path of open) expect(path).not.toMatch(/^\/api\//)
})

it('reading asks for the scope read, what changes something for more', () => {
  for (const { id, method, scope } of operations) {
    if (method !== 'GET' && scope === 'read') expect(['search', 'query', 'mcp'], id).toContain(id)
    if (scope === 'write') expect(method, id).not.toBe('GET')
  }
})
