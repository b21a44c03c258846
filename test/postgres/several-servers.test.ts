import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, it, vi } from 'vitest'
import { createRevector } from '../../src/index.ts'
import { connectDatabase } from '../../src/postgres/connect.ts'
import { ident, sql } from '../../src/postgres/sql.ts'
import { afterUse, describeServer, type Engine, temporaryFolder } from '../support/engines.ts'

afterEach(() => {
  vi.unstubAllEnvs()
})

async function urlOf(engine: Engine): Promise<URL> {
  const { databaseUrl } = (await engine.place()) as { readonly databaseUrl: string }
  return new URL(databaseUrl)
}

/** The same database behind a host where no server is: it is tried first. */
function behindNothing(url: URL, query: string): string {
  const { username, password, hostname, port, pathname } = url
  return `postgresql://${username}:${password}@127.0.0.1:1,${hostname}:${port}${pathname}?${query}`
}

describeServer('a connection string', (engine) => {
  it('with several servers finds the one that target_session_attrs asks for', async () => {
    const url = await urlOf(engine)
    const asked = async (attributes: string): Promise<string> => {
      const databaseUrl = behindNothing(url, `target_session_attrs=${attributes}`)
      const db = await connectDatabase({ databaseUrl, poolSize: 2 })
      try {
        await Promise.all([1, 2].map(() => db.query(sql`select pg_sleep(0.01)`)))
        return 'opened'
      } finally {
        await db.close()
      }
    }
    for (const attributes of ['any', 'read-write', 'primary', 'prefer-standby']) {
      expect(await asked(attributes), attributes).toBe('opened')
    }
    const refused = asked('standby')
    await expect(refused).rejects.toMatchObject({
      code: 'DATABASE_UNREACHABLE',
      message: expect.stringMatching(/127\.0\.0\.1:1: .*ECONNREFUSED.*it is a primary/),
    })
    await expect(asked('read-only')).rejects.toMatchObject({ code: 'DATABASE_UNREACHABLE' })
    const admin = await connectDatabase({ databaseUrl: url.href })
    await admin.query(
      sql`alter database ${ident(url.pathname.slice(1))} set default_transaction_read_only = on`,
    )
    await admin.close()
    expect(await asked('read-only')).toBe('opened')
    await expect(asked('read-write')).rejects.toMatchObject({ message: expect.stringContaining('read-only') })
  })

  it('sets what it says in every session, also after a session was reset', async () => {
    const url = await urlOf(engine)
    url.search = 'search_path=mine%2C%20public&options=-c%20work_mem%3D7MB&statement_timeout=8s'
    const db = await connectDatabase({
      databaseUrl: url.href,
      statementTimeoutMs: 1_000,
      environment: { PGOPTIONS: '-c geqo=off' },
    })
    afterUse(() => db.close())
    const settings = sql`
      select current_setting('search_path') ~ '^mine' as path, current_setting('work_mem') as memory,
        current_setting('statement_timeout') as timeout, current_setting('geqo') as geqo`
    // The string's own options stand in for those of the environment.
    const expected = { path: true, memory: '7MB', timeout: '8s', geqo: 'on' }
    expect((await db.query(settings)).rows).toEqual([expected])
    await db.session((session) => session.query(sql`set work_mem = '1MB'`))
    const both = await Promise.all([1, 2].map(() => db.transaction((tx) => tx.query(settings))))
    expect(both.map(({ rows }) => rows)).toEqual([[expected], [expected]])
  })

  it('that the environment stands in for: PGHOST and the others, a service, the password file', async () => {
    const url = await urlOf(engine)
    const folder = await temporaryFolder()
    vi.stubEnv('DATABASE_URL', '')
    vi.stubEnv('REVECTOR_DATA_DIR', '')
    const database = decodeURIComponent(url.pathname.slice(1))
    const opened = async (options = {}): Promise<string> => {
      const warnings: string[] = []
      const revector = await createRevector({
        ...options,
        onProgress: (event) => void (event.type === 'warning' && warnings.push(event.message)),
      })
      try {
        return `${(await revector.db.status()).engine} ${warnings.join()}`.trim()
      } finally {
        await revector.db.close()
      }
    }
    vi.stubEnv('PGHOST', url.hostname)
    vi.stubEnv('PGPORT', url.port)
    vi.stubEnv('PGUSER', url.username)
    vi.stubEnv('PGDATABASE', database)
    vi.stubEnv('PGOPTIONS', '-c geqo=off')
    const passwords = join(folder, 'passwords')
    await writeFile(passwords, `${url.hostname}:*:*:${url.username}:${url.password}\n`, { mode: 0o600 })
    vi.stubEnv('PGPASSFILE', passwords)
    expect(await opened()).toBe('server')
    // A folder that is named in the call is meant; one of the environment is used, but not without a word.
    expect(await opened({ dataDir: join(folder, 'data') })).toBe('embedded')
    vi.stubEnv('REVECTOR_DATA_DIR', join(folder, 'data'))
    expect(await opened()).toMatch(/^embedded PGHOST is set/)
    vi.stubEnv('REVECTOR_DATA_DIR', '')
    vi.stubEnv('PGPASSFILE', join(folder, 'nothing'))
    await expect(opened()).rejects.toMatchObject({
      code: 'DATABASE_AUTHENTICATION_FAILED',
      hint: expect.stringContaining('PGPASSWORD'),
    })

    vi.stubEnv('PGHOST', '')
    vi.stubEnv('PGPORT', '')
    vi.stubEnv('PGSERVICE', 'rag')
    const services = join(folder, 'services')
    vi.stubEnv('PGSERVICEFILE', services)
    await writeFile(services, `[rag]\nhost=${url.hostname}\nport=${url.port}\n`)
    vi.stubEnv('PGPASSWORD', url.password)
    expect(await opened()).toBe('server')
    vi.stubEnv('PGSSLCRL', '/nowhere')
    await expect(opened()).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('PGSSLCRL'),
    })
  })
})
