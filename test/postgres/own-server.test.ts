import { spawnSync } from 'node:child_process'
import { chmod, chown, copyFile, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, inject, it, onTestFinished } from 'vitest'
import { toolConnection } from '../../src/postgres/backup/connection-string.ts'
import { backup, restore } from '../../src/postgres/backup.ts'
import { connectDatabase, type DatabaseOptions } from '../../src/postgres/connect.ts'
import type { Database } from '../../src/postgres/database.ts'
import type { DatabaseEvent } from '../../src/postgres/database-options.ts'
import { raw, sql } from '../../src/postgres/sql.ts'
import { temporaryFolder } from '../support/engines.ts'

const script = fileURLToPath(new URL('../../scripts/postgres.sh', import.meta.url))
const certificates = fileURLToPath(new URL('../support/tls/', import.meta.url))

/** A server for one test, which may be stopped and changed. */
async function ownServer(): Promise<(command: 'start' | 'stop' | 'url') => string> {
  const parent = await temporaryFolder()
  // The server may run as a user of its own.
  await chmod(parent, 0o755)
  const folder = join(parent, 'server')
  const run = (command: string): string => {
    const { stdout, stderr, status } = spawnSync('bash', [script, command], {
      encoding: 'utf8',
      env: { ...process.env, REVECTOR_POSTGRES_DIR: folder },
    })
    expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' })
    return stdout.trim()
  }
  onTestFinished(async () => {
    run('stop')
    await rm(folder, { recursive: true, force: true })
  })
  run('start')
  return run
}

describe.runIf(inject('serverPrograms') !== null)('a server of its own', () => {
  it('can be restarted under an open pool', async () => {
    const run = await ownServer()
    const options: DatabaseOptions = { databaseUrl: run('url') }
    const retries: DatabaseEvent[] = []
    const db = await connectDatabase({ ...options, onEvent: (event) => retries.push(event) })
    await db.query(sql`create table t as select 1 as n`)
    await Promise.all([1, 2, 3].map(() => db.query(sql`select pg_sleep(0.01)`)))
    run('stop')
    const waiting = Promise.all([
      db.query(sql`select n from t`),
      db.transaction((tx) => tx.query(sql`insert into t values (2) returning n`)),
    ])
    await expect
      .poll(() => retries.some(({ type }) => type === 'database.retry'), { timeout: 20_000 })
      .toBe(true)
    expect(run('start')).toBe(options.databaseUrl)
    const [read, written] = await waiting
    expect(read.rows[0]).toEqual({ n: 1 })
    expect(written.rows).toEqual([{ n: 2 }])
    await db.close()
    // Nobody comes back to a server that stays away.
    run('stop')
    await expect(connectDatabase(options)).rejects.toMatchObject({ code: 'DATABASE_UNREACHABLE' })
  })

  it('is talked to by TLS as the URL says', async () => {
    const run = await ownServer()
    const url = new URL(run('url'))
    const admin = await connectDatabase({ databaseUrl: url.href })
    const folder = await offerTls(admin)
    await admin.query(sql`alter system set unix_socket_directories = ${raw(`'${folder}'`)}`)
    await admin.close()
    run('stop')
    run('start')
    const socket = `user=${url.username} password=${url.password} dbname=revector port=${url.port} host=${folder}`
    const bySocket = await connectDatabase({ databaseUrl: socket })
    expect((await bySocket.query(sql`select inet_client_addr() as client`)).rows).toEqual([{ client: null }])
    await bySocket.close()
    const ca = join(certificates, 'ca.pem')
    const encrypted = async (
      host: string,
      parameters: string,
      environment: DatabaseOptions['environment'] = {},
    ): Promise<unknown> => {
      url.hostname = host
      url.search = parameters
      const db = await connectDatabase({ databaseUrl: url.href, environment, poolSize: 1 })
      const { rows } = await db.query(sql`select ssl from pg_stat_ssl where pid = pg_backend_pid()`)
      await db.close()
      return rows[0]
    }
    expect(await encrypted('127.0.0.1', 'sslmode=disable')).toEqual({ ssl: false })
    expect(await encrypted('127.0.0.1', 'sslmode=prefer')).toEqual({ ssl: true })
    expect(await encrypted('127.0.0.1', 'sslmode=require')).toEqual({ ssl: true })
    expect(await encrypted('127.0.0.1', `sslmode=verify-ca&sslrootcert=${ca}`)).toEqual({ ssl: true })
    expect(await encrypted('localhost', `sslmode=verify-full&sslrootcert=${ca}`)).toEqual({ ssl: true })
    expect(await encrypted('127.0.0.1', 'sslmode=allow')).toEqual({ ssl: false })
    expect(await encrypted('127.0.0.1', 'ssl=no-verify')).toEqual({ ssl: true })
    expect(await encrypted('127.0.0.1', 'sslmode=require&channel_binding=require')).toEqual({ ssl: true })
    expect(
      await encrypted('localhost', `sslmode=verify-full&hostaddr=127.0.0.1`, { PGSSLROOTCERT: ca }),
    ).toEqual({ ssl: true })
    const machine = { SSL_CERT_FILE: ca }
    expect(await encrypted('localhost', 'sslrootcert=system', machine)).toEqual({ ssl: true })
    expect(await encrypted('localhost', '', { PGSSLMODE: 'require' })).toEqual({ ssl: true })
    await expect(encrypted('127.0.0.1', 'sslmode=disable&channel_binding=require')).rejects.toMatchObject({
      code: 'DATABASE_AUTHENTICATION_FAILED',
      message: expect.stringContaining('channel_binding=require'),
    })
    const refused = {
      code: 'DATABASE_UNREACHABLE',
      message: expect.stringContaining('certificate'),
      hint: expect.stringContaining('sslrootcert'),
    }
    // Issued for localhost, not for its address; and by an authority that nobody knows unless told.
    await expect(encrypted('127.0.0.1', `sslmode=verify-full&sslrootcert=${ca}`)).rejects.toMatchObject(
      refused,
    )
    await expect(encrypted('localhost', 'sslmode=verify-full')).rejects.toMatchObject(refused)
    await expect(encrypted('localhost', 'ssl=true')).rejects.toMatchObject(refused)
    await expect(encrypted('localhost', 'sslrootcert=system')).rejects.toMatchObject(refused)
    await expect(encrypted('127.0.0.1', 'sslrootcert=system', machine)).rejects.toMatchObject(refused)
  })
})

const clientKeyPassword = "hun ter'\\2 &=é"

describe.runIf(inject('serverPrograms') !== null)('a server that insists on a client certificate', () => {
  it('is backed up and restored with a key that has a password, which no argument shows', async () => {
    const run = await ownServer()
    const url = new URL(run('url'))
    const admin = await connectDatabase({ databaseUrl: url.href })
    const data = await offerTls(admin)
    await admin.query(sql`alter system set ssl_ca_file = 'client.pem'`)
    await admin.close()
    const hba = join(data, 'pg_hba.conf')
    const trusted = await readFile(hba, 'utf8')
    // The client's certificate signs itself, and is of the user "revector".
    await writeFile(hba, `hostssl all all 127.0.0.1/32 cert\n${trusted}`)
    run('stop')
    run('start')

    const folder = await temporaryFolder()
    const key = join(folder, 'key.pem')
    await copyFile(join(certificates, 'client-key.pem'), key)
    await chmod(key, 0o600)
    url.password = ''
    url.search = new URLSearchParams({
      sslmode: 'verify-ca',
      sslrootcert: join(certificates, 'ca.pem'),
      sslcert: join(certificates, 'client.pem'),
      sslkey: key,
      sslpassword: clientKeyPassword,
    })
      .toString()
      .replaceAll('+', '%20')
    const options: DatabaseOptions = { databaseUrl: url.href }
    const connection = await toolConnection(options, folder)
    expect(decodeURIComponent(connection)).not.toContain('hun')
    expect((await stat(join(folder, 'client-key'))).mode & 0o777).toBe(0o600)

    const database = await connectDatabase(options)
    await database.query(sql`create table t as select 1 as n`)
    const file = join(folder, 'backup.dump')
    await backup({ database, options }, file)
    await database.query(sql`drop table t`)
    await database.close()
    await restore(options, file, { force: true })
    const restored = await connectDatabase(options)
    expect((await restored.query(sql`select n from t`)).rows).toEqual([{ n: 1 }])
    await restored.close()
  })
})

/** From the next start on; returns the folder of its data. The server insists that its key is its own user's and nobody else can read it. */
async function offerTls(admin: Database): Promise<string> {
  const { rows } = await admin.query<{ data: string }>(sql`select current_setting('data_directory') as data`)
  const data = rows[0]?.data ?? ''
  const { uid, gid } = await stat(data)
  for (const name of ['server.pem', 'server-key.pem', 'client.pem']) {
    const file = join(data, name)
    await copyFile(join(certificates, name), file)
    await chmod(file, 0o600)
    await chown(file, uid, gid)
  }
  await admin.query(sql`alter system set ssl_cert_file = 'server.pem'`)
  await admin.query(sql`alter system set ssl_key_file = 'server-key.pem'`)
  await admin.query(sql`alter system set ssl = on`)
  return data
}
