import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { optionsSchema } from '../../src/config/config.ts'
import { refuseOpenToNetwork } from '../../src/http/auth.ts'
import { isLoopback, nameOfHost } from '../../src/http/loopback.ts'
import { temporaryFolder } from '../support/engines.ts'
import { openApp } from './open-app.ts'

describe('without a key', () => {
  it('only this machine is let in, and no page of another site', async () => {
    const { app } = await openApp()
    const ask = async (headers: Record<string, string>) =>
      (await app.inject({ method: 'GET', url: '/api/v1/models', headers })).statusCode
    for (const host of [
      'localhost',
      'localhost:8080',
      '127.0.0.1:1',
      '[::1]:8080',
      '127.9.9.9',
      'a.localhost',
    ]) {
      expect(await ask({ host }), host).toBe(200)
    }
    for (const host of ['example.com', '10.0.0.1:8080', 'localhost.example.com', '127.0.0.1.example.com']) {
      expect(await ask({ host }), host).toBe(403)
    }
    expect(await ask({ host: 'localhost:8080', origin: 'http://localhost:8080' })).toBe(200)
    for (const origin of ['http://evil.example', 'http://localhost:9999', 'null']) {
      expect(await ask({ host: 'localhost:8080', origin }), origin).toBe(403)
    }
    // A picture or a link on a page: without an origin.
    for (const [from, status] of [
      ['none', 200],
      ['same-origin', 200],
      ['same-site', 403],
      ['cross-site', 403],
    ] as const) {
      expect(await ask({ host: 'localhost:8080', 'sec-fetch-site': from }), from).toBe(status)
    }
  })

  it('an address that others can reach is not listened on, nor answered from', async () => {
    const { app, revector } = await openApp({ serve: { host: '0.0.0.0' } })
    const { serve: options } = optionsSchema.parse({ serve: { host: '0.0.0.0' } })
    await expect(refuseOpenToNetwork({ revector, options })).rejects.toMatchObject({ code: 'KEY_REQUIRED' })
    expect((await app.inject('/api/v1/models')).statusCode).toBe(401)
    expect((await app.inject('/healthz')).statusCode).toBe(200)
    const { secret } = await revector.keys.create({ name: 'k', scope: 'read' })
    await refuseOpenToNetwork({ revector, options })
    const headers = { authorization: `Bearer ${secret}`, host: 'search.example.com' }
    expect((await app.inject({ url: '/api/v1/models', headers })).statusCode).toBe(200)
    await revector.keys.revoke('k')
    await expect(refuseOpenToNetwork({ revector, options })).rejects.toMatchObject({ code: 'KEY_REQUIRED' })
    expect((await app.inject({ url: '/api/v1/models', headers })).statusCode).toBe(401)
  })

  it('loopback is what the name says, not what it ends with', () => {
    for (const host of ['127.0.0.1', '127.1.2.3', '::1', '[::1]', 'LOCALHOST', 'x.localhost'])
      expect(isLoopback(host)).toBe(true)
    for (const host of ['0.0.0.0', '::', '128.0.0.1', '127.evil.example', 'localhost.evil', ''])
      expect(isLoopback(host)).toBe(false)
    expect(nameOfHost('user@127.0.0.1')).toBe('127.0.0.1')
    expect(nameOfHost('a b')).toBeNull()
    expect(nameOfHost(undefined)).toBeNull()
  })
})

describe('limits', () => {
  it('of a key are its own, and say when to come again', async () => {
    const { app, revector } = await openApp({ serve: { requestsPerMinute: 3 } })
    const slow = await revector.keys.create({ name: 'slow', scope: 'read' })
    const fast = await revector.keys.create({ name: 'fast', scope: 'read', requestsPerMinute: 5 })
    const times = async ({ secret }: { readonly secret: string }): Promise<number[]> => {
      const headers = { authorization: `Bearer ${secret}` }
      const statuses: number[] = []
      for (let n = 0; n < 6; n += 1) {
        const { statusCode, headers: said, json } = await app.inject({ url: '/api/v1/models', headers })
        statuses.push(statusCode)
        if (statusCode !== 429) continue
        expect(Number(said['retry-after'])).toBeGreaterThanOrEqual(1)
        expect(Number(said['retry-after'])).toBeLessThanOrEqual(60)
        expect(json()).toMatchObject({ code: 'TOO_MANY_REQUESTS' })
      }
      return statuses
    }
    expect(await times(slow)).toEqual([200, 200, 200, 429, 429, 429])
    expect(await times(fast)).toEqual([200, 200, 200, 200, 200, 429])
    // Health is not counted.
    expect((await app.inject('/healthz')).statusCode).toBe(200)
  })

  it('of memory turn requests away, and not who watches over the service', async () => {
    const { app } = await openApp({ serve: { maxRssBytes: 1 } })
    // Memory is looked at twice a second.
    let refused = await app.inject('/api/v1/models')
    while (refused.statusCode === 200) refused = await app.inject('/api/v1/models')
    expect([refused.statusCode, refused.json().code]).toEqual([503, 'OVERLOADED'])
    expect(Number(refused.headers['retry-after'])).toBeGreaterThanOrEqual(1)
    expect((await app.inject('/healthz')).statusCode).toBe(200)
  })

  it('of wrong keys end guessing, and right keys go on', async () => {
    const { app, revector } = await openApp()
    const { secret } = await revector.keys.create({ name: 'k', scope: 'read' })
    const ask = async (key: string) =>
      (await app.inject({ url: '/api/v1/models', headers: { authorization: `Bearer ${key}` } })).statusCode
    const guesses = []
    for (let n = 0; n < 70; n += 1) guesses.push(await ask(`guess${n}`))
    expect(new Set(guesses.slice(0, 60))).toEqual(new Set([401]))
    expect(new Set(guesses.slice(60))).toEqual(new Set([429]))
    expect(await ask(secret)).toBe(200)
  })
})

describe('headers', () => {
  it('allow no inline script, no frame, nothing from elsewhere; on refusals too', async () => {
    const { app } = await openApp()
    for (const url of ['/healthz', '/api/v1/models', '/nowhere', '/api/v1/documents/999']) {
      const { headers } = await app.inject(url)
      const policy = String(headers['content-security-policy'])
      expect(policy, url).toContain("default-src 'none'")
      expect(policy, url).toContain("frame-ancestors 'none'")
      expect(policy, url).not.toMatch(/unsafe|\*|https?:/)
      expect(headers['x-content-type-options']).toBe('nosniff')
      expect(headers['access-control-allow-origin']).toBeUndefined()
      expect(headers['server'] ?? headers['x-powered-by']).toBeUndefined()
    }
  })

  it('let pages of sites in that were named, and of no other', async () => {
    const site = 'https://app.example.com'
    const { app, revector } = await openApp({ serve: { corsOrigins: [`${site}/`] } })
    const { secret } = await revector.keys.create({ name: 'k', scope: 'read' })
    const preflight = (origin: string) =>
      app.inject({
        method: 'OPTIONS',
        url: '/api/v1/search',
        headers: { origin, 'access-control-request-method': 'POST' },
      })
    expect((await preflight(site)).headers['access-control-allow-origin']).toBe(site)
    expect((await preflight(site)).statusCode).toBe(204)
    expect((await preflight(site)).headers).toMatchObject({
      vary: 'Origin',
      'access-control-allow-methods': 'GET, POST, PUT, DELETE',
      'access-control-allow-headers': expect.stringContaining('authorization, content-type'),
    })
    const refused = await preflight('https://evil.example')
    expect(refused.statusCode).toBe(405)
    expect(refused.headers['access-control-allow-origin']).toBeUndefined()
    expect(refused.headers['access-control-allow-methods']).toBeUndefined()
    const asked = await app.inject({
      url: '/api/v1/models',
      headers: { origin: site, authorization: `Bearer ${secret}` },
    })
    expect(asked.headers['access-control-allow-origin']).toBe(site)
    expect(asked.headers['access-control-expose-headers']).toContain('x-request-id')
    expect(asked.headers['access-control-allow-credentials']).toBeUndefined()
  })
})

describe('no request', () => {
  it('reads a file of the machine', async () => {
    const { app } = await openApp()
    const file = join(await temporaryFolder(), 'secret.txt')
    await writeFile(file, 'the password is tangerine')
    for (const path of [file, `file://${file}`]) {
      const response = await app.inject({
        method: 'POST',
        url: '/api/v1/documents',
        payload: { title: path, content: 'Nothing of the file.', source: path },
      })
      expect(response.statusCode).toBe(201)
    }
    for (const payload of [{ path: file }, { paths: [file] }, { title: 'x', content: 'y', file }]) {
      const response = await app.inject({ method: 'POST', url: '/api/v1/documents', payload })
      expect(response.statusCode).toBe(422)
    }
    for (const url of [
      `/..${file}`,
      `/%2e%2e${encodeURIComponent(file)}`,
      `/docs/..%2f..${file}`,
      `//${file}`,
    ]) {
      const response = await app.inject({ url })
      expect(response.body, url).not.toContain('tangerine')
    }
    const { body } = await app.inject({
      method: 'POST',
      url: '/api/v1/search',
      payload: { query: 'tangerine' },
    })
    expect(body).not.toContain('password is')
  })

  it('makes the service ask an address that the operator did not name', async () => {
    const { app } = await openApp({ serve: { modelUrls: ['http://models.internal:11434/v1'] } })
    const add = async (more: object) => {
      const response = await app.inject({
        method: 'POST',
        url: '/api/v1/models',
        payload: { model_name: 'm', dimension: 4, provider: 'openai-compatible', ...more },
      })
      return response.statusCode
    }
    for (const base_url of [
      'http://169.254.169.254/latest',
      'http://localhost:5432/v1',
      'http://models.internal:11434/admin',
      'http://models.internal:11434/v1/../admin',
      'http://models.internal:11434/v1/%2e%2e/admin',
      'http://models.internal:11434/v1/..%2fadmin',
      'http://models.internal:11434/v1/..%5Cadmin',
      'http://models.internal:11434@evil.example/v1',
      'http://user:pw@models.internal:11434/v1',
      'http://models.internal/v1',
      'https://models.internal:11434/v1',
      'http://models.internal:11434/v11',
      'file:///etc/passwd',
      'ftp://models.internal:11434/v1',
    ]) {
      expect(await add({ base_url }), base_url).toBe(422)
    }
    expect(await add({ base_url: 'http://models.internal:11434/v1' })).toBe(201)
  })

  it('makes the service open a folder as a local model', async () => {
    const { app } = await openApp()
    for (const remote_name of ['../../etc', '/etc', 'a/../../b', 'C:\\models', '.', '..']) {
      const response = await app.inject({
        method: 'POST',
        url: '/api/v1/models',
        payload: { model_name: 'local', dimension: 4, provider: 'transformers', remote_name },
      })
      expect(response.statusCode, remote_name).toBe(422)
    }
    for (const revision of ['../../etc', '/etc', 'main/../..']) {
      const response = await app.inject({
        method: 'POST',
        url: '/api/v1/models',
        payload: { model_name: 'local', dimension: 4, provider: 'transformers', revision },
      })
      expect(response.statusCode, revision).toBe(422)
    }
  })
})

describe('changes', () => {
  it('are on record with who asked for them, before they are tried; what only reads is not', async () => {
    const { app, revector } = await openApp()
    const { key, secret } = await revector.keys.create({ name: 'k', scope: 'admin' })
    const headers = { authorization: `Bearer ${secret}`, 'x-request-id': 'the-request' }
    const content = 'A text that nobody need find in a log.'
    await app.inject({ method: 'POST', url: '/api/v1/documents', headers, payload: { title: 'T', content } })
    await app.inject({ method: 'DELETE', url: '/api/v1/documents/999', headers })
    await app.inject({ method: 'PUT', url: '/api/v1/models/current', headers, payload: { model: 'none' } })
    await app.inject({ method: 'POST', url: '/api/v1/search', headers, payload: { query: 'q' } })
    await app.inject({ method: 'GET', url: '/api/v1/documents', headers })
    await app.inject({
      method: 'POST',
      url: '/api/v1/models',
      headers,
      payload: { model_name: 'universal-sentence-encoder-lite' },
    })
    const { entries } = await revector.audit.list()
    expect(entries[0]?.data).toEqual({ model_name: 'universal-sentence-encoder-lite' })
    expect(
      entries
        .slice(1, -1)
        .map(({ actor, subject, status, requestId }) => [actor, subject, status, requestId]),
    ).toEqual([
      [`key:${key.id}`, 'none', 404, 'the-request'],
      [`key:${key.id}`, '999', 404, 'the-request'],
      [`key:${key.id}`, 'T', 201, 'the-request'],
    ])
    expect(JSON.stringify(entries)).not.toContain('nobody need find')
  })
})

describe('secrets', () => {
  it('are in no log line and no answer', async () => {
    const { app, revector, log } = await openApp()
    const { secret } = await revector.keys.create({ name: 'k', scope: 'admin' })
    const bodies: string[] = []
    for (const authorization of [`Bearer ${secret}`, `Bearer ${secret}x`, secret]) {
      for (const url of [
        '/api/v1/models',
        `/api/v1/documents/${secret}`,
        `/${secret}`,
        `/api/v1/models?key=${secret}`,
      ]) {
        const { body, headers } = await app.inject({ url, headers: { authorization } })
        bodies.push(body, JSON.stringify(headers))
      }
    }
    const said = JSON.stringify([log, bodies])
    expect(said).not.toContain(secret)
    expect(said).not.toContain(secret.split('_')[2])
  })
})
