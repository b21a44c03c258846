import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { App } from '../../src/http/route.ts'
import type { Revector } from '../../src/library/revector.ts'
import { describeEngines } from '../support/engines.ts'
import { call, eventsOf } from './support/calls.ts'
import { openApp, openLibrary, small, wide, workAll } from './support/service.ts'

const texts = [
  ['Green tea', 'Green tea is made from leaves that are not fermented. Water of 80 degrees is hot enough.'],
  ['Black tea', 'Black tea is fermented before it is dried. It wants boiling water.'],
  ['Coffee', 'Coffee is made from roasted seeds. It is ground just before it is brewed.'],
] as const

describeEngines('what the service answers', (engine) => {
  let revector: Revector
  let app: App
  const ids: string[] = []

  beforeAll(async () => {
    revector = await openLibrary(engine)
    app = await openApp(revector)
  })
  afterAll(async () => {
    await app.close()
    await revector.db.close()
  })

  describe('documents', () => {
    it('stores a text, and says where it is', async () => {
      for (const [title, content] of texts) {
        const { status, json, headers } = await call(app, 'addDocuments', {
          body: {
            title,
            content,
            source: `note:${title}`,
            metadata: { kind: title.split(' ')[1] ?? 'other' },
          },
        })
        expect(status).toBe(201)
        expect(json).toMatchObject({ title, source: `note:${title}`, chunks: 1 })
        expect(headers['location']).toBe(`/api/v1/documents/${json.id}`)
        ids.push(json.id)
      }
    })

    it('replaces the document of a source that is known', async () => {
      const { json } = await call(app, 'addDocuments', {
        body: { title: 'Coffee', content: `${texts[2][1]} Some take milk.`, source: 'note:Coffee' },
      })
      expect(json.id).toBe(ids[2])
    })

    it('lists them page by page, and by a part of the title or source', async () => {
      const first = await call(app, 'listDocuments', { query: { limit: 2 } })
      expect(first.json.documents.map((one: { title: string }) => one.title)).toEqual([
        'Green tea',
        'Black tea',
      ])
      const second = await call(app, 'listDocuments', { query: { limit: 2, after: first.json.next } })
      expect(second.json).toMatchObject({ documents: [{ title: 'Coffee' }], next: null })
      expect((await call(app, 'listDocuments', { query: { q: 'TEA' } })).json.documents).toHaveLength(2)
      expect((await call(app, 'listDocuments', { query: { q: 'note:cof' } })).json.documents).toHaveLength(1)
      expect((await call(app, 'listDocuments', { query: { q: '%' } })).json.documents).toEqual([])
      expect((await call(app, 'listDocuments', { query: { limit: 0 } })).status).toBe(422)
    })

    it('shows one with its chunks, whose offsets are those of its text', async () => {
      const { json } = await call(app, 'getDocument', { params: { id: ids[0] ?? '' } })
      const [chunk] = json.chunk_list
      expect(json.content.slice(chunk.start_offset, chunk.end_offset)).toBe(chunk.content)
      expect((await call(app, 'getDocument', { params: { id: '999999' } })).json.code).toBe('NOT_FOUND')
      expect((await call(app, 'getDocument', { params: { id: "1' or true --" } })).json.code).toBe(
        'NOT_FOUND',
      )
    })

    it('says which models have its vectors, and makes those that are missing', async () => {
      const params = { id: ids[0] ?? '' }
      const before = await call(app, 'documentEmbeddings', { params })
      const lacks = before.json.models.find((one: { model_name: string }) => one.model_name === wide)
      expect(lacks).toMatchObject({ embeddings: 0, coverage: 0 })
      expect(lacks.missing).toHaveLength(1)
      const made = await call(app, 'embedDocument', { params, query: { model: wide } })
      expect(made.json).toMatchObject({ model_name: wide, embedded: 1 })
      const after = await call(app, 'documentEmbeddings', { params })
      expect(after.json.models.find((one: { model_name: string }) => one.model_name === wide)).toMatchObject({
        coverage: 1,
        missing: [],
      })
      expect((await call(app, 'embedDocument', { params, query: { model: 'nobody' } })).json.code).toBe(
        'MODEL_UNKNOWN',
      )
      expect(
        (await call(app, 'embedDocument', { params: { id: '999999' }, query: { model: wide } })).status,
      ).toBe(404)
      expect((await call(app, 'documentEmbeddings', { params: { id: 'x' } })).status).toBe(404)
    })

    it('refuses what has no text, and what is no document', async () => {
      const refused = async (body: unknown) => (await call(app, 'addDocuments', { body })).json
      expect(await refused({ title: 'Blank', content: ' \n ' })).toMatchObject({ code: 'INVALID_INPUT' })
      expect(
        await refused({ title: 'Mark', content: '<!-- nothing -->', media_type: 'text/html' }),
      ).toMatchObject({
        code: 'DOCUMENT_EMPTY',
      })
      expect(await refused({ title: 'x', content: 'y', colour: 'red' })).toMatchObject({
        code: 'INVALID_INPUT',
      })
      expect(await refused({ title: 'x', content: 'y', model: 'nobody' })).toMatchObject({
        code: 'MODEL_UNKNOWN',
      })
    })

    it('removes one', async () => {
      const { json } = await call(app, 'addDocuments', {
        body: { title: 'Short-lived', content: 'Gone soon.' },
      })
      expect((await call(app, 'removeDocument', { params: { id: json.id } })).status).toBe(204)
      expect((await call(app, 'removeDocument', { params: { id: json.id } })).status).toBe(404)
    })
  })

  describe('searches', () => {
    it('finds passages in the current model, or in one that is named', async () => {
      const { json } = await call(app, 'search', { body: { query: 'fermented leaves', top_k: 2 } })
      expect(json).toMatchObject({ models: [small], coverage: { [small]: 1 } })
      expect(json.hits).toHaveLength(2)
      const [{ document_id: id, updated_at }] = json.hits
      expect((await call(app, 'getDocument', { params: { id } })).json).toMatchObject({ updated_at })
      const named = await call(app, 'search', { body: { query: 'green tea', model: wide } })
      expect(named.json).toMatchObject({ models: [wide], hits: [{ title: 'Green tea' }] })
    })

    it('finds with a vector that is at hand, and refuses one that cannot be compared', async () => {
      const vector = Array.from({ length: 64 }, (_, i) => (i % 7) - 3)
      expect((await call(app, 'search', { body: { vector } })).json.hits).toHaveLength(3)
      for (const unfit of [vector.slice(1), vector.map(() => 0), vector.map(() => 1e300)]) {
        expect((await call(app, 'search', { body: { vector: unfit } })).json).toMatchObject({
          code: 'INVALID_INPUT',
        })
      }
    })

    it('asks several models', async () => {
      const both = { query: 'green tea', models: [small, wide] }
      const union = await call(app, 'search', { body: both })
      expect(union.json).toMatchObject({ models: [small, wide], aggregation: 'union' })
      const common = await call(app, 'search', { body: { ...both, aggregation: 'intersection' } })
      expect(common.json.hits).toHaveLength(1)
    })

    it('narrows by title, metadata and date', async () => {
      const titles = async (filter: unknown) =>
        (await call(app, 'search', { body: { query: 'tea', filter } })).json.hits.map(
          (hit: { title: string }) => hit.title,
        )
      expect(await titles({ title: 'black' })).toEqual(['Black tea'])
      expect(await titles({ metadata: { kind: 'tea' }, document_ids: [ids[0]] })).toEqual(['Green tea'])
      expect(await titles({ created_before: '2000-01-01T00:00:00Z' })).toEqual([])
    })

    it('says how the database went about it', async () => {
      const { json } = await call(app, 'search', { body: { query: 'tea', explain: true } })
      expect(json.explain).toMatchObject([{ model: small }])
      expect(json.explain[0].plan.length).toBeGreaterThan(1)
    })

    it('serves the source where no migration is open', async () => {
      const { json } = await call(app, 'search', { body: { query: 'tea', serve: 'both' } })
      expect(json.serving).toMatchObject({ asked: 'both', served: 'source' })
    })

    it('refuses what does not go together, and what is not there', async () => {
      const refused = async (body: unknown) => {
        const { status, json } = await call(app, 'search', { body })
        return [status, json.code]
      }
      expect(await refused({})).toEqual([422, 'INVALID_INPUT'])
      expect(await refused({ query: '   ' })).toEqual([422, 'INVALID_INPUT'])
      expect(await refused({ query: 'x'.repeat(20_001) })).toEqual([422, 'INVALID_INPUT'])
      expect(await refused({ query: 'x', top_k: 1_001 })).toEqual([422, 'INVALID_INPUT'])
      expect(await refused({ query: 'x', model: small, models: [small] })).toEqual([422, 'INVALID_INPUT'])
      expect(await refused({ query: 'x', aggregation: 'union' })).toEqual([422, 'INVALID_INPUT'])
      expect(await refused({ query: 'x', models: [small, small] })).toEqual([422, 'INVALID_INPUT'])
      expect(await refused({ query: 'x', topK: 5 })).toEqual([422, 'INVALID_INPUT'])
      expect(await refused({ query: 'x', model: 'nobody' })).toEqual([404, 'MODEL_UNKNOWN'])
      expect(await refused({ query: 'x', model: 'universal-sentence-encoder-lite' })).toEqual([
        409,
        'MODEL_EMPTY',
      ])
    })

    it('answers a question from the documents', async () => {
      const { json } = await call(app, 'query', { body: { query: 'How hot should water for green tea be?' } })
      expect(json).toMatchObject({ mode: 'extractive', model: small, language_model: null })
    })
  })

  describe('models', () => {
    it('lists them, and those that can be searched', async () => {
      const all = await call(app, 'listModels')
      expect(all.json.models.length).toBeGreaterThan(2)
      const { json } = await call(app, 'searchableModels')
      expect(json.models.map((one: { model_name: string }) => one.model_name)).toEqual([small, wide])
    })

    it('registers, switches to and removes one', async () => {
      const made = await call(app, 'addModel', {
        body: { model_name: 'mine', dimension: 32, provider: 'lexical-hash' },
      })
      expect(made.status).toBe(201)
      expect(made.json).toMatchObject({
        model_name: 'mine',
        dimension: 32,
        state: 'registered',
        base_url: null,
      })
      const again = { model_name: 'mine', dimension: 33, provider: 'lexical-hash' }
      expect((await call(app, 'addModel', { body: again })).json.code).toBe('MODEL_DIMENSION_CONFLICT')
      const other = { model_name: 'mine', dimension: 32, provider: 'lexical-hash', distance: 'l2' }
      expect((await call(app, 'addModel', { body: other })).json.code).toBe('MODEL_SPACE_CONFLICT')
      expect((await call(app, 'useModel', { body: { model: 'mine' } })).json).toMatchObject({
        code: 'MODEL_EMPTY',
      })
      expect((await call(app, 'useModel', { body: { model: 'mine', force: true } })).json).toEqual({
        from: small,
        to: 'mine',
      })
      expect((await call(app, 'removeModel', { params: { model_name: 'mine' } })).json.code).toBe(
        'MODEL_IN_USE',
      )
      await call(app, 'useModel', { body: { model: small } })
      expect((await call(app, 'removeModel', { params: { model_name: 'mine' } })).json).toMatchObject({
        model_name: 'mine',
      })
      expect((await call(app, 'removeModel', { params: { model_name: 'mine' } })).json.code).toBe(
        'MODEL_UNKNOWN',
      )
      expect((await call(app, 'useModel', { body: { model: 'mine' } })).json.code).toBe('MODEL_UNKNOWN')
    })

    it('knows no model by a name with a path or an address in it', async () => {
      const add = async (body: object) =>
        (
          await call(app, 'addModel', {
            body: { model_name: 'm', dimension: 8, provider: 'openai-compatible', ...body },
          })
        ).json
      expect(await add({ base_url: 'http://169.254.169.254/latest' })).toMatchObject({
        code: 'INVALID_INPUT',
      })
      expect(await add({ base_url: 'file:///etc/passwd' })).toMatchObject({ code: 'INVALID_INPUT' })
      expect(await add({ remote_name: '../../etc/passwd' })).toMatchObject({ code: 'INVALID_INPUT' })
      expect(await add({ provider: 'custom' })).toMatchObject({ code: 'INVALID_INPUT' })
      expect(await add({ dimension: 16_001 })).toMatchObject({ code: 'INVALID_INPUT' })
    })

    it('gives vectors of the same sample in every model', async () => {
      const { json } = await call(app, 'sampleVectors', {
        params: { model_name: small },
        query: { limit: 2 },
      })
      expect(json).toMatchObject({ model_name: small, dimension: 64 })
      expect(json.chunks).toHaveLength(2)
      const bytes = Buffer.from(json.vectors, 'base64')
      expect(bytes).toHaveLength(2 * 64 * 4)
      const norm = Math.hypot(...Array.from({ length: 64 }, (_, i) => bytes.readFloatLE(4 * i)))
      expect(norm).toBeCloseTo(1, 4)
      const empty = await call(app, 'sampleVectors', {
        params: { model_name: 'universal-sentence-encoder-lite' },
      })
      expect(empty.json).toMatchObject({ chunks: [], vectors: '' })
      expect((await call(app, 'sampleVectors', { params: { model_name: 'nobody' } })).status).toBe(404)
    })
  })

  describe('migrations', () => {
    let id = 0
    const asked = (operation: string, body: unknown = {}) => call(app, operation, { params: { id }, body })

    it('plans, and starts nothing without consent', async () => {
      const plan = await call(app, 'planMigration', { body: { target_model: wide } })
      expect(plan.json).toMatchObject({
        state: 'planned',
        source_model: small,
        target_model: wide,
        total_chunks: 3,
      })
      const refused = await call(app, 'startMigration', { body: { target_model: wide } })
      expect(refused.json).toMatchObject({
        code: 'CONSENT_MISSING',
        plan: { missing_chunks: 2, cost_usd_estimate: 0 },
      })
      expect((await call(app, 'listMigrations')).json).toEqual({ migrations: [], next: null })
      expect((await call(app, 'planMigration', { body: { target_model: 'nobody' } })).json.code).toBe(
        'MODEL_UNKNOWN',
      )
    })

    it('starts, pauses and resumes', async () => {
      const started = await call(app, 'startMigration', {
        body: { target_model: wide, consent: true, rollback_window_seconds: 0 },
      })
      expect(started.status).toBe(201)
      id = started.json.id
      expect(started.headers['location']).toBe(`/api/v1/migrations/${id}`)
      expect(started.json).toMatchObject({ state: 'filling', created_by: 'http' })
      expect((await asked('pauseMigration', { reason: 'Lunch.' })).json).toMatchObject({
        state: 'paused',
        error: { message: /Lunch/ },
      })
      expect((await asked('resumeMigration', { budget_usd: 5 })).json).toMatchObject({
        state: 'filling',
        budget_usd: 5,
      })
      const other = { source_model: wide, target_model: small, consent: true }
      expect((await call(app, 'startMigration', { body: other })).json.code).toMatch(
        /MIGRATION_CONFLICT|INVALID_INPUT/,
      )
    })

    it('refuses what its state does not allow', async () => {
      for (const operation of ['cutOver', 'rollBack', 'retire']) {
        expect((await asked(operation)).json).toMatchObject({ code: 'MIGRATION_STATE', status: 409 })
      }
      expect((await call(app, 'useModel', { body: { model: wide, force: true } })).json.code).toBe(
        'MIGRATION_CONFLICT',
      )
    })

    it('is filled by a worker, verified, cut over, rolled back, and retired', async () => {
      await workAll(revector)
      expect((await asked('getMigration')).json).toMatchObject({
        state: 'ready',
        done_chunks: 3,
        total_chunks: 3,
      })
      expect((await asked('verifyMigration', { override: ['overlap'] })).json.verification.passed).toBe(true)
      expect((await asked('cutOver')).json).toMatchObject({ state: 'cut_over' })
      expect((await call(app, 'search', { body: { query: 'tea' } })).json.models).toEqual([wide])
      expect((await asked('rollBack')).json).toMatchObject({ state: 'rolled_back' })
      expect((await call(app, 'search', { body: { query: 'tea' } })).json.models).toEqual([small])
      expect((await asked('pauseMigration')).json.code).toBe('MIGRATION_STATE')
    })

    it('tells what happened, all of it or from an event on', async () => {
      const all = await call(app, 'migrationEvents', { params: { id }, query: { follow: false } })
      expect(all.headers['content-type']).toMatch(/^text\/event-stream/)
      const events = eventsOf(all.text)
      expect(events.map((one) => one.event)).toEqual(
        expect.arrayContaining(['started', 'paused', 'batch', 'cut_over', 'rolled_back']),
      )
      const third = events[2]?.id ?? ''
      const rest = await call(app, 'migrationEvents', {
        params: { id },
        query: { follow: false },
        headers: { 'last-event-id': third },
      })
      expect(eventsOf(rest.text)).toEqual(events.slice(3))
      const odd = await call(app, 'migrationEvents', {
        params: { id },
        query: { follow: false },
        headers: { 'last-event-id': 'x' },
      })
      expect(eventsOf(odd.text)).toEqual(events)
    })

    it('ends the stream of one that is over', async () => {
      const { text } = await call(app, 'migrationEvents', { params: { id } })
      expect(eventsOf(text).at(-1)?.event).toBe('rolled_back')
    })

    it('moves again, gives the source back its space, and cancels another', async () => {
      const again = await call(app, 'startMigration', {
        body: { target_model: wide, consent: true, rollback_window_seconds: 0 },
      })
      id = again.json.id
      await workAll(revector)
      await asked('cutOver')
      const retired = await asked('retire')
      expect(retired.json).toMatchObject({ state: 'retired' })
      expect(retired.json.bytes).toBeGreaterThan(0)
      await call(app, 'addModel', { body: { model_name: 'third', dimension: 16, provider: 'lexical-hash' } })
      const third = await call(app, 'startMigration', { body: { target_model: 'third', consent: true } })
      id = third.json.id
      expect((await asked('cancelMigration')).json).toMatchObject({ state: 'cancelled' })
    })

    it('lists them, newest first, page by page', async () => {
      const { json } = await call(app, 'listMigrations', { query: { limit: 2 } })
      expect(json.migrations.map((one: { state: string }) => one.state)).toEqual(['cancelled', 'retired'])
      const next = await call(app, 'listMigrations', { query: { limit: 2, after: json.next } })
      expect(next.json).toMatchObject({ migrations: [{ state: 'rolled_back' }], next: null })
    })

    it('shows what cannot be embedded, and tries it again', async () => {
      const { json } = await call(app, 'migrationQuarantine', { params: { id } })
      expect(json).toEqual({ chunks: [], next: null })
      expect((await asked('retryMigration')).json.code).toBe('MIGRATION_STATE')
    })

    it('knows no other', async () => {
      for (const operation of [
        'getMigration',
        'migrationEvents',
        'migrationQuarantine',
        'pauseMigration',
        'resumeMigration',
        'cancelMigration',
        'retryMigration',
        'verifyMigration',
        'cutOver',
        'rollBack',
        'retire',
      ]) {
        const known = await call(app, operation, { params: { id: 4_711 } })
        expect(known.json, operation).toMatchObject({ code: 'MIGRATION_UNKNOWN', status: 404 })
        const beyond = await call(app, operation, { params: { id: '9223372036854775808' } })
        expect(beyond.json, operation).toMatchObject({ code: 'MIGRATION_UNKNOWN' })
        expect((await call(app, operation, { params: { id: 'first' } })).status).toBe(422)
      }
    })
  })

  it('says how it is', async () => {
    expect((await call(app, 'getStatus')).json).toMatchObject({
      engine: engine.name,
      version: '0.0.0-test',
      language_model: null,
      worker: { running: false },
      documents: 3,
    })
    expect((await call(app, 'doctor')).json.checks.length).toBeGreaterThan(3)
    expect((await call(app, 'healthz')).json).toEqual({ status: 'ok' })
    expect((await call(app, 'readyz')).json).toEqual({ status: 'ready', read_only: false })
    expect((await call(app, 'metrics')).text).toContain('# TYPE')
  })
})
