import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { readConfig } from '../../src/config/config.ts'
import { specFor } from '../../src/embedding/catalogue.ts'
import { openEmbeddingModel } from '../../src/embedding/open.ts'
import { isNamedHost, isOwnHost } from '../../src/hosted/key-hosts.ts'
import { createRevector } from '../../src/library/revector.ts'
import { connectDatabase } from '../../src/postgres/connect.ts'
import { sql } from '../../src/postgres/sql.ts'
import { describeEngines, temporaryFolder } from '../support/engines.ts'
import { hostedModels, secretKey } from '../support/providers/open.ts'
import { fakeProvider } from '../support/providers/server.ts'

const variables = {
  openai: 'OPENAI_API_KEY',
  cohere: 'COHERE_API_KEY',
  google: 'GOOGLE_GENERATIVE_AI_API_KEY',
  mistral: 'MISTRAL_API_KEY',
  voyage: 'VOYAGE_API_KEY',
} as const

const environment = { localModelPath: null, cacheDir: '' }

describe('the key of a provider', () => {
  it.each(Object.entries(variables))(
    '%s goes to no address that only the database names',
    async (name, variable) => {
      const provider = name as keyof typeof variables
      const modelName = hostedModels[provider]
      const thief = await fakeProvider(provider, specFor(modelName).dimension)
      const spec = specFor(modelName, { baseUrl: thief.url })
      const host = new URL(thief.url).host
      const keys = { [variable]: secretKey }
      for (const keyHosts of [[], ['gateway.example', '127.0.0.1:1', `https://${host}`]]) {
        const opening = openEmbeddingModel(spec, { ...environment, keys, keyHosts })
        await expect(opening).rejects.toMatchObject({
          code: 'PROVIDER_KEY_WITHHELD',
          message: expect.stringContaining(`${variable} was not sent to http://${host}`),
          hint: expect.stringContaining(`REVECTOR_KEY_HOSTS=${host} `),
        })
      }
      expect(thief.requests).toEqual([])

      const model = await openEmbeddingModel(spec, { ...environment, keys, keyHosts: [host] })
      await model.embed(['owls'], { kind: 'query' })
      expect(JSON.stringify(thief.requests.map(({ headers }) => headers))).toContain(secretKey)
    },
  )

  async function askCompatible(keys: Record<string, string>, keyHosts: (host: string) => readonly string[]) {
    const server = await fakeProvider('openai-compatible', 24)
    const overrides = { provider: 'openai-compatible', dimension: 24, baseUrl: server.url } as const
    const model = await openEmbeddingModel(specFor('served', overrides), {
      ...environment,
      keys,
      keyHosts: keyHosts(new URL(server.url).host),
    })
    await model.embed(['owls'], { kind: 'query' })
    return server.requests.at(-1)?.headers ?? {}
  }

  it('of a compatible server goes to the hosts that are named; others, and this machine, are asked without it', async () => {
    const keys = { OPENAI_COMPATIBLE_API_KEY: secretKey, OPENAI_API_KEY: 'sk-other' }
    expect(await askCompatible(keys, (host) => [host])).toMatchObject({
      authorization: `Bearer ${secretKey}`,
    })
    for (const keyHosts of [[], ['gateway.example']]) {
      const headers = await askCompatible(keys, () => keyHosts)
      expect(headers).not.toHaveProperty('authorization')
      expect(JSON.stringify(headers)).not.toMatch(/sk-/)
    }
    const azure = { AZURE_OPENAI_API_KEY: secretKey }
    expect(JSON.stringify(await askCompatible(azure, () => ['gateway.example']))).not.toContain(secretKey)
    expect(await askCompatible(azure, (host) => [host])).toMatchObject({
      authorization: `Bearer ${secretKey}`,
    })
  })

  it('of a compatible server elsewhere is withheld while nothing says whose it is', async () => {
    const spec = specFor('served', {
      provider: 'openai-compatible',
      dimension: 24,
      baseUrl: 'http://user:pass@gateway.example/v1?secret=s',
    })
    const keys = { OPENAI_COMPATIBLE_API_KEY: secretKey }
    const failure = await openEmbeddingModel(spec, { ...environment, keyHosts: [], keys }).then(
      () => null,
      (error: unknown) => error,
    )
    expect(failure).toMatchObject({
      code: 'PROVIDER_KEY_WITHHELD',
      hint: expect.stringContaining('REVECTOR_KEY_HOSTS=http://gateway.example '),
    })
    expect(JSON.stringify([failure, String(failure)])).not.toMatch(/pass|secret=/)
    await openEmbeddingModel(spec, { ...environment, keys: {} })
    await openEmbeddingModel(spec, { ...environment, keys, keyHosts: ['other.example'] })
  })
})

describe('an address', () => {
  it.each([
    ['openai', 'https://api.openai.com/v1', true],
    ['openai', 'https://eu.api.openai.com/v1', true],
    ['openai', 'http://api.openai.com/v1', false],
    ['openai', 'https://api.openai.com:8443/v1', false],
    ['openai', 'https://api.openai.com@evil.example/v1', false],
    ['openai', 'https://api.openai.com.evil.example/v1', false],
    ['openai', 'https://notapi.openai.com/v1', false],
    ['openai', 'https://evil.example/?api.openai.com', false],
    ['cohere', 'https://api.openai.com/v1', false],
    ['openai-compatible', 'https://mine.openai.azure.com/openai/v1', true],
    ['openai-compatible', 'https://rented.cloudapp.azure.com/v1', false],
    ['google', 'https://generativelanguage.googleapis.com/v1beta', true],
    ['google', 'https://storage.googleapis.com/v1beta', false],
    ['mistral', 'https://api.mistral.ai/v1', true],
    ['voyage', 'https://api.voyageai.com/v1', true],
    ['voyage', 'not a URL', false],
  ] as const)('is the own one of %s: %s %s', (provider, url, own) => {
    expect(isOwnHost(provider, url)).toBe(own)
  })

  it.each([
    ['gateway.example', 'https://gateway.example/v1', true],
    ['gateway.example', 'https://gateway.example:8443/v1', true],
    ['gateway.example', 'http://gateway.example/v1', false],
    ['gateway.example', 'https://a.gateway.example/v1', false],
    ['Gateway.Example:8443', 'https://gateway.example:8443/v1', true],
    ['gateway.example:8443', 'https://gateway.example/v1', false],
    ['gateway.example:443', 'https://gateway.example/v1', true],
    ['http://gateway.example:4000', 'http://gateway.example:4000/v1', true],
    ['http://gateway.example:4000', 'https://gateway.example:4000/v1', false],
    ['https://gateway.example', 'https://gateway.example:8443/v1', false],
    ['127.0.0.1:4000', 'http://127.0.0.1:4000/v1', true],
    ['localhost', 'http://localhost:4000/v1', true],
    ['[::1]:4000', 'http://[::1]:4000/v1', true],
    ['[::1]', 'http://[::1]:4000/v1', true],
    ['gateway.example', 'https://gateway.example@evil.example/v1', false],
  ])('is named by %s: %s %s', (entry, url, named) => {
    expect(isNamedHost(['other.example', entry], url)).toBe(named)
  })
})

describe('the configuration', () => {
  it('names hosts in the call, the environment or the file', async () => {
    const file = join(await temporaryFolder(), 'config.json')
    await writeFile(file, JSON.stringify({ keyHosts: ['of.file'] }))
    expect(readConfig({}, { file }).keyHosts).toEqual(['of.file'])
    vi.stubEnv('REVECTOR_KEY_HOSTS', ' gateway.example, http://10.0.0.7:4000 ,[::1]:1 ')
    onTestFinished(() => void vi.unstubAllEnvs())
    expect(readConfig({}, { file }).keyHosts).toEqual(['gateway.example', 'http://10.0.0.7:4000', '[::1]:1'])
    expect(readConfig({ keyHosts: [] }, { file }).keyHosts).toEqual([])
    for (const wrong of ['*', 'https://gateway.example/v1', 'ftp://gateway.example', 'a b', '']) {
      expect(() => readConfig({ keyHosts: [wrong] })).toThrow(/keyHosts/)
    }
  })
})

describeEngines('a database whose rows were changed', (engine) => {
  it('cannot have the key sent to a server of its own', async () => {
    const place = await engine.place()
    const thief = await fakeProvider('openai', 1536)
    vi.stubEnv('OPENAI_API_KEY', secretKey)
    onTestFinished(() => void vi.unstubAllEnvs())
    const open = async (keyHosts: readonly string[] = []) => {
      const revector = await createRevector({ ...place, keyHosts: [...keyHosts], logLevel: 'silent' })
      onTestFinished(() => revector.db.close())
      return revector
    }
    const before = await open()
    await before.models.add({ modelName: 'text-embedding-3-small', dimension: 1536, provider: 'openai' })
    await before.models.use('text-embedding-3-small', { force: true })
    await before.db.close()
    const db = await connectDatabase(place)
    await db.query(sql`update embedding_models set base_url = ${thief.url} where provider = 'openai'`)
    await db.close()

    const after = await open()
    await expect(after.retriever.search({ query: 'owls' })).rejects.toMatchObject({
      code: 'PROVIDER_KEY_WITHHELD',
    })
    await after.db.close()
    expect(thief.requests).toEqual([])
    const named = await open([new URL(thief.url).host])
    expect((await named.retriever.search({ query: 'owls' })).hits).toEqual([])
    expect(thief.requests).toHaveLength(1)
  })
})
