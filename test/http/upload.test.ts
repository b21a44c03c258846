import { readdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { labelOf } from '../../src/http/upload.ts'
import { makePdf } from '../parsing/make-files.ts'
import { describeEngines, embedded, temporaryFolder } from '../support/engines.ts'
import { call } from './support/calls.ts'
import { file, form, type Part } from './support/form.ts'
import { openService, serveOptions, small } from './support/service.ts'

/** What uploads have left where they are put down: a folder of this file's own, for others upload at the same time. */
const leftovers = async () => (await readdir(tmpdir())).filter((name) => name.startsWith('revector-upload-'))

beforeAll(async () => {
  vi.stubEnv('TMPDIR', await temporaryFolder())
})
afterAll(() => {
  vi.unstubAllEnvs()
})

describeEngines('uploads', (engine) => {
  it('reads files as ingest does, under the names they were given, and leaves nothing behind', async () => {
    const { app } = await openService(engine)
    const pdf = makePdf([[{ text: 'Tea is older than paper.', y: 700 }]], { title: 'Paper' })
    const parts = [
      { name: 'metadata', content: '{"team": "kitchen"}' },
      file('tea.md', '# Tea\n\nGreen tea wants water of 80 degrees.'),
      file(
        'page.html',
        '<html><head><title>Coffee</title></head><body><article><p>Coffee is ground first.</p></article></body></html>',
      ),
      file('paper.pdf', Buffer.from(pdf)),
    ]
    const { status, json } = await call(app, 'addDocuments', form(parts))
    expect(status).toBe(200)
    expect(json).toMatchObject({ documents: parts.length - 1, failed: [], models: [small] })
    expect(json.files.map((one: { outcome: string }) => one.outcome)).toEqual(
      parts.slice(1).map(() => 'added'),
    )
    const { json: stored } = await call(app, 'getDocument', { params: { id: json.files[0].id } })
    expect(stored).toMatchObject({ title: 'Tea', source: 'upload:tea.md', metadata: { team: 'kitchen' } })
    const again = await call(app, 'addDocuments', form(parts))
    expect(again.json).toMatchObject({ documents: 0, unchanged: parts.length - 1 })
    expect(await leftovers()).toEqual([])
  })

  it('reports files that cannot be read beside those that can', async () => {
    const { app } = await openService(engine)
    const good = file('good.txt', 'Some text.')
    const { status, json } = await call(
      app,
      'addDocuments',
      form([good, file('broken.pdf', '%PDF-1.7 nothing'), file('blank.txt', ' ')]),
    )
    expect(status).toBe(200)
    expect(json.failed.map((one: { path: string }) => one.path).sort()).toEqual(['blank.txt', 'broken.pdf'])
    expect(JSON.stringify(json)).not.toContain(tmpdir())
  })

  it('answers the same upload under one key once', async () => {
    const { app } = await openService(engine)
    const send = (name: string, content: string) => {
      const { headers, raw } = form([file(name, content)])
      return call(app, 'addDocuments', { headers: { ...headers, 'idempotency-key': 'k-1' }, raw })
    }
    const first = await send('a.txt', 'One.')
    const second = await send('a.txt', 'One.')
    expect(second.json).toEqual(first.json)
    expect(second.headers['idempotency-replayed']).toBe('true')
    expect((await send('a.txt', 'Two.')).json).toMatchObject({ code: 'IDEMPOTENCY_CONFLICT', status: 409 })
    expect((await call(app, 'listDocuments')).json.documents).toHaveLength(1)
  })

  it('stores a text once under one key', async () => {
    const { app } = await openService(engine)
    const headers = { 'idempotency-key': 'k-2' }
    const body = { title: 'Tea', content: 'Green.' }
    const all = await Promise.all([1, 2, 3].map(() => call(app, 'addDocuments', { body, headers })))
    const made = all.filter(({ status }) => status === 201)
    expect(made.length).toBeGreaterThan(0)
    expect(all.every(({ status }) => status === 201 || status === 409)).toBe(true)
    expect((await call(app, 'addDocuments', { body, headers })).json).toEqual(made[0]?.json)
    expect((await call(app, 'listDocuments')).json.documents).toHaveLength(1)
    const failed = { title: 'Tea', content: 'Green.', model: 'nobody' }
    expect(
      (await call(app, 'addDocuments', { body: failed, headers: { 'idempotency-key': 'k-3' } })).status,
    ).toBe(404)
    expect((await call(app, 'addDocuments', { body, headers: { 'idempotency-key': 'k-3' } })).status).toBe(
      201,
    )
  })
})

describe('uploads that are refused', () => {
  it('a single file with its own reason, several with each', async () => {
    const { app } = await openService(embedded)
    const send = async (...parts: Part[]) => (await call(app, 'addDocuments', form(parts))).json
    expect(await send(file('x.bin', Buffer.from([0, 1, 2, 3, 255])))).toMatchObject({
      code: 'FILE_TYPE_UNSUPPORTED',
      status: 415,
      path: 'x.bin',
    })
    expect(await send(file('x.pdf', '%PDF-1.7 nothing'))).toMatchObject({ code: 'PARSE_FAILED', status: 422 })
    expect(await send(file('x.txt', '  '))).toMatchObject({ code: 'DOCUMENT_EMPTY' })
    expect(await send(file('x.txt', ' '), file('y.txt', ' '))).toMatchObject({
      code: 'DOCUMENTS_FAILED',
      failed: [{ path: 'x.txt' }, { path: 'y.txt' }],
    })
    expect(await leftovers()).toEqual([])
  })

  it('forms that are none', async () => {
    const { app } = await openService(embedded)
    const send = async (request: ReturnType<typeof form>) =>
      (await call(app, 'addDocuments', request)).json.code
    expect(await send(form([]))).toMatch(/REQUEST_MALFORMED|INVALID_INPUT/)
    expect(await send(form([file('a.txt', 'text')], ''))).toBe('REQUEST_MALFORMED')
    expect(await send({ ...form([]), headers: { 'content-type': 'multipart/form-data' } })).toBe(
      'REQUEST_MALFORMED',
    )
    expect(await send({ ...form([]), raw: { payload: Buffer.from('nonsense') } })).toBe('REQUEST_MALFORMED')
    expect(await send(form([{ name: 'colour', content: 'red' }, file('a.txt', 'text')]))).toBe(
      'INVALID_INPUT',
    )
    expect(await send(form([{ name: 'file', filename: 'a.txt', content: 'text' }]))).toBe('INVALID_INPUT')
    expect(await send(form([{ name: 'metadata', content: '[1]' }, file('a.txt', 'text')]))).toBe(
      'INVALID_INPUT',
    )
    expect(await send(form([{ name: 'metadata', content: '{' }, file('a.txt', 'text')]))).toBe(
      'REQUEST_MALFORMED',
    )
    expect(await send(form([{ name: '__proto__', content: 'x' }, file('a.txt', 'text')]))).toMatch(
      /REQUEST_MALFORMED|INVALID_INPUT/,
    )
    expect(
      await send(
        form([{ name: 'model', content: 'a' }, { name: 'model', content: 'b' }, file('a.txt', 'text')]),
      ),
    ).toBe('INVALID_INPUT')
    expect(await leftovers()).toEqual([])
  })

  it('more files, or more bytes, than allowed', async () => {
    const { app } = await openService(embedded, {
      options: serveOptions({ maxUploadFiles: 2, maxUploadBytes: 1_000 }),
    })
    const files = (count: number, bytes: number) =>
      form(Array.from({ length: count }, (_, i) => file(`${i}.txt`, 'x'.repeat(bytes))))
    expect((await call(app, 'addDocuments', files(3, 10))).json).toMatchObject({
      code: 'REQUEST_TOO_LARGE',
      status: 413,
    })
    expect((await call(app, 'addDocuments', files(2, 600))).json).toMatchObject({ code: 'REQUEST_TOO_LARGE' })
    expect((await call(app, 'addDocuments', files(1, 1_001))).json).toMatchObject({
      code: 'REQUEST_TOO_LARGE',
    })
    expect((await call(app, 'addDocuments', files(2, 400))).status).toBe(200)
    expect(await leftovers()).toEqual([])
  })

  it('never take a name for a path', async () => {
    expect(labelOf('../../etc/passwd')).toBe('passwd')
    expect(labelOf('C:\\Users\\me\\tea.md')).toBe('tea.md')
    expect(labelOf('/')).toBe('upload')
    expect(labelOf('..')).toBe('upload')
    expect(labelOf('a\u0000b\u202e.txt')).toBe('ab.txt')
    expect(labelOf(undefined)).toBe('upload')
    expect(labelOf('x'.repeat(1_000))).toHaveLength(255)
    const { app } = await openService(embedded)
    const { json } = await call(app, 'addDocuments', form([file('../../../tmp/evil.txt', 'text')]))
    expect(json.files).toMatchObject([{ path: 'evil.txt', outcome: 'added' }])
  })
})
