import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import type * as contract from '../../src/http/contract/models.ts'
import { operations } from '../../src/http/contract/operations.ts'
import { openApi } from '../../src/http/openapi.ts'
import { embedded } from '../support/engines.ts'
import { provocations as documents } from './provoked/documents.ts'
import { everyRequest } from './provoked/every-request.ts'
import { provocations as migrations } from './provoked/migrations.ts'
import { provocations as models } from './provoked/models.ts'
import type { Provocation, ProvocationsOf } from './provoked/provocation.ts'
import { provocations as search } from './provoked/search.ts'
import { provocations as service } from './provoked/service.ts'
import { openWorld, type World } from './provoked/world.ts'
import { call } from './support/calls.ts'

/** By operation and status. That none is missing is a matter of types: see provocation.ts. */
const own: Readonly<Record<string, Readonly<Record<number, Provocation>>>> = {
  ...search,
  ...models,
  ...documents,
  ...migrations,
  ...service,
}

/** As a reader of the OpenAPI document sees it. */
const document = openApi(operations, '0.0.0') as {
  readonly paths: Record<string, Record<string, { readonly responses: Record<string, unknown> }>>
}
const declared = operations.map(({ id, path, method }) => {
  const { responses = {} } = document.paths[path]?.[method.toLowerCase()] ?? {}
  return { id, statuses: Object.keys(responses).map(Number) }
})

let world: World
beforeAll(async () => {
  world = await openWorld(embedded)
})
afterAll(() => world.close())
vi.setConfig({ testTimeout: 120_000 })

// Retiring leaves a retired model behind, which others need.
const inOrder = declared.toSorted((a, b) => Number(b.id === 'retire') - Number(a.id === 'retire'))

it.each(inOrder)('$id answers with each status of its contract', async ({ id, statuses }) => {
  const operation = operations.find((one) => one.id === id)
  if (operation === undefined) throw new Error(`There is no operation ${id}`)
  const answered: Record<string, number> = {}
  const expected: Record<string, number> = {}
  for (const status of statuses) {
    const particular = own[id]?.[status]
    const common = everyRequest[status]
    expect(particular ?? common, `${id} ${status}`).toBeDefined()
    if (particular !== undefined) {
      answered[status] = (await particular(world)).status
      expected[status] = status
    }
    // What belongs to callers is not met where nobody is asked who they are.
    if (common === undefined || (operation.scope === null && status !== 422)) continue
    answered[`${status} of every request`] = (await common(world, operation)).status
    expected[`${status} of every request`] = status
  }
  expect(answered).toEqual(expected)
})

it('nothing is provoked that the contract does not tell', () => {
  for (const [id, byStatus] of Object.entries(own)) {
    const { statuses = [] } = declared.find((one) => one.id === id) ?? {}
    expect(statuses, id).toEqual(expect.arrayContaining(Object.keys(byStatus).map(Number)))
  }
  expect(Object.keys(own).sort()).toEqual(declared.map(({ id }) => id).sort())
})

it('a status without a provocation, or one that is not told, does not compile', () => {
  const provocation: Provocation = ({ app }) => call(app, 'sampleVectors')
  type OfSample = ProvocationsOf<typeof contract>['sampleVectors']
  // @ts-expect-error 404 is missing
  const missing: OfSample = { 200: provocation }
  // @ts-expect-error 409 is not told
  const more: OfSample = { 200: provocation, 404: provocation, 409: provocation }
  expect([missing, more]).toHaveLength(2)
})
