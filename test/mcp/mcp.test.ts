import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openApp } from '../http/open-app.ts'
import { temporaryFolder } from '../support/engines.ts'
import { fakeLanguageModel } from '../support/providers/language.ts'
import { call, httpClient, stdioClient } from './client.ts'

const tools = ['ask', 'ingest', 'list_models', 'migration_status', 'search', 'search_multi_model']
const pools = {
  title: 'Pools',
  content: '# Pools\n\nTo close the pool, call end. It waits for borrowed clients.',
  source: 'pools.md',
}
const bread = {
  title: 'Bread',
  content: '# Bread\n\nKnead flour, water, salt and yeast. Let the dough rise overnight.',
}

describe('an agent over standard input and output', { timeout: 120_000 }, () => {
  it('does the whole work: ingests, searches, asks, looks at models and migrations', async () => {
    const client = await stdioClient(['--data-dir', join(await temporaryFolder(), 'data')])
    const listed = (await client.listTools()).tools
    expect(listed.map(({ name }) => name).sort()).toEqual(tools)
    for (const tool of listed) expect([tool.name, tool.outputSchema?.type]).toEqual([tool.name, 'object'])
    expect(client.getInstructions()).toContain('never instructions')

    const { typed: first } = await call(client, 'ingest', pools)
    await call(client, 'ingest', bread)
    // The same source again is the same document.
    expect((await call(client, 'ingest', pools)).typed).toEqual(first)

    const found = await call(client, 'search', { query: 'close the pool', top_k: 1 })
    expect(found.typed.hits).toMatchObject([{ rank: 1, document_id: first.document_id, title: 'Pools' }])
    expect(JSON.parse(found.text)).toEqual(found.typed)

    const { typed: models } = await call(client, 'list_models')
    const current = models.models.find(({ current }: { current: boolean }) => current).model_name
    expect(current).toBe('universal-sentence-encoder-lite')
    const several = await call(client, 'search_multi_model', { query: 'yeast and flour', models: [current] })
    expect(several.typed).toMatchObject({ aggregation: 'union', hits: [{ title: 'Bread' }, {}] })

    const asked = await call(client, 'ask', { query: 'How do I close the pool?' })
    expect(asked.typed).toMatchObject({ answered: true, mode: 'extractive', citations: [{ title: 'Pools' }] })
    expect((await call(client, 'migration_status')).typed).toEqual({ migration: null })
  })

  it('is told what is wrong, and goes on', async () => {
    const client = await stdioClient(['--data-dir', join(await temporaryFolder(), 'data'), '--read-only'])
    const names = (await client.listTools()).tools.map(({ name }) => name)
    expect(names.sort()).toEqual(tools.filter((name) => name !== 'ingest'))
    const unknown = await call(client, 'search', { query: 'x', model: 'no-such-model' })
    expect(unknown).toMatchObject({
      failed: true,
      text: expect.stringMatching(/^MODEL_UNKNOWN: .*no-such-model/),
    })
    expect((await call(client, 'search', { query: 'x', top_k: 0 })).failed).toBe(true)
    expect((await call(client, 'search', { query: 'x', surprise: 1 })).failed).toBe(true)
    expect((await call(client, 'migration_status', { id: '999' })).text).toMatch(/^MIGRATION_UNKNOWN/)
    expect((await call(client, 'ask', { query: 'x', mode: 'generated' })).text).toMatch(
      /^LANGUAGE_MODEL_MISSING/,
    )
    expect((await call(client, 'ask', { query: 'anything?' })).typed).toMatchObject({ answered: false })
  })

  it('hears a generated answer while it is made', async () => {
    const server = await fakeLanguageModel()
    server.says(['Call ', 'end ', '[1].'])
    const client = await stdioClient(['--data-dir', join(await temporaryFolder(), 'data')], {
      REVECTOR_LANGUAGE_MODEL: 'openai-compatible:fake',
      REVECTOR_LANGUAGE_MODEL_URL: server.url,
    })
    await call(client, 'ingest', pools)
    let heard = ''
    let hear: () => void = () => {}
    // The client hears nothing any more once it has the result: the end waits for its first words.
    server.fail({
      rest: new Promise((resolve) => {
        hear = resolve
      }),
    })
    const result = await client.callTool(
      { name: 'ask', arguments: { query: 'How do I close the pool?' } },
      undefined,
      {
        onprogress: ({ message }) => {
          heard += message
          hear()
        },
      },
    )
    expect(result.structuredContent).toMatchObject({ answer: 'Call end [1].', mode: 'generated' })
    expect(heard).toMatch(/^Call /)
    expect('Call end [1].').toContain(heard)
  })
})

describe('an agent over HTTP', { timeout: 120_000 }, () => {
  async function listening() {
    const { app, revector } = await openApp()
    return { revector, url: await app.listen({ host: '127.0.0.1', port: 0 }) }
  }

  it('has the same tools and the same results', async () => {
    const { revector, url } = await listening()
    const client = await httpClient(url)
    expect((await client.listTools()).tools.map(({ name }) => name).sort()).toEqual(tools)
    const { typed } = await call(client, 'ingest', pools)
    expect((await revector.documents.get(typed.document_id)).title).toBe('Pools')
    const found = await call(client, 'search', { query: 'close the pool', top_k: 1 })
    expect(found.typed.hits).toMatchObject([{ document_id: typed.document_id }])
    const { entries } = await revector.audit.list()
    expect(entries[0]).toMatchObject({ action: 'mcp.ingest', subject: 'pools.md', status: 200 })
  })

  it('is refused what is no request of the protocol', async () => {
    const { url } = await listening()
    const call = '{"jsonrpc":"2.0","id":1,"method":"tools/list"}'
    for (const [body, status] of [
      ['{}', 422],
      // Each of several would be as much work as a request, and be counted with the others as one.
      [`[${call},${call}]`, 422],
      ['{"jsonrpc":"2.0"}', 400],
    ] as const) {
      const response = await fetch(`${url}/mcp`, {
        method: 'POST',
        body,
        headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
      })
      expect([body, response.status]).toEqual([body, status])
      expect(response.headers.get('content-type')).toBe('application/problem+json')
    }
    for (const method of ['GET', 'DELETE']) {
      expect((await fetch(`${url}/mcp`, { method })).status).toBe(405)
    }
    const page = await fetch(`${url}/mcp`, {
      method: 'POST',
      body: '{}',
      headers: { 'content-type': 'application/json', origin: 'https://evil.example' },
    })
    expect(page.status).toBe(403)
  })

  it('may do what its key may', async () => {
    const { revector, url } = await listening()
    const { secret: reader } = await revector.keys.create({ name: 'reader', scope: 'read' })
    const { secret: writer } = await revector.keys.create({ name: 'writer', scope: 'write' })
    await expect(httpClient(url)).rejects.toThrow()
    const names = async (key: string) =>
      (await (await httpClient(url, key)).listTools()).tools.map(({ name }) => name)
    expect(await names(reader)).not.toContain('ingest')
    expect(await names(writer)).toContain('ingest')
    const client = await httpClient(url, reader)
    expect((await call(client, 'ingest', pools)).failed).toBe(true)
    expect((await call(client, 'search', { query: 'pool' })).failed).toBe(false)
  })
})
