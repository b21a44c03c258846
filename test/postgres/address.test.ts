import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { resolveAddress, type ServerAddress } from '../../src/postgres/address/address.ts'
import { passwordFromFile } from '../../src/postgres/address/password-file.ts'
import { temporaryFolder } from '../support/engines.ts'

const refusal = (text: string): object => ({
  code: 'CONFIG_INVALID',
  message: expect.stringContaining(text),
})

const host = (name: string, port = 5432, hostaddr: string | null = null): object => ({
  host: name,
  port,
  hostaddr,
})

describe('a connection string', () => {
  it.each<[string, Partial<Record<keyof ServerAddress, unknown>>]>([
    [
      'postgres://us%40er:p%3Aw@db.example:5433/my%20db?sslmode=verify-ca&sslrootcert=/ca.pem',
      {
        hosts: [host('db.example', 5433)],
        user: 'us@er',
        password: 'p:w',
        database: 'my db',
        tls: expect.objectContaining({ mode: 'verify-ca', verify: 'ca', caFile: '/ca.pem' }),
      },
    ],
    [
      'postgresql:///d?host=/run/postgresql&port=5433&connect_timeout=3',
      {
        hosts: [host('/run/postgresql', 5433)],
        connectTimeoutMs: 3_000,
        tls: expect.objectContaining({ mode: 'disable' }),
      },
    ],
    ['postgresql://u:p@%2Frun%2Fpostgresql/d', { hosts: [host('/run/postgresql')], password: 'p' }],
    [
      'postgresql://u@[::1]/',
      { hosts: [host('::1')], database: 'u', tls: expect.objectContaining({ mode: 'disable' }) },
    ],
    [
      'postgresql://u@a:1,b,[::1]:3/d?target_session_attrs=read-write',
      { hosts: [host('a', 1), host('b'), host('::1', 3)], targetSession: 'read-write' },
    ],
    ['postgresql://u@a,b:6/d?port=7', { hosts: [host('a', 7), host('b', 7)] }],
    ['postgresql://u@h/d', { tls: expect.objectContaining({ mode: 'prefer', verify: 'if-possible' }) }],
    ['postgresql://u@h/d?hostaddr=10.0.0.1', { hosts: [host('h', 5432, '10.0.0.1')] }],
    ['postgresql://h', { user: userInfo().username, database: userInfo().username, password: null }],
    [
      "host=h port=5433 user=u password='it\\'s a \\\\ b' dbname = d sslmode=require channel_binding=require",
      {
        hosts: [host('h', 5433)],
        user: 'u',
        password: "it's a \\ b",
        database: 'd',
        channelBinding: 'require',
        tls: expect.objectContaining({ mode: 'require' }),
      },
    ],
    [
      'postgresql://u@h/d?options=-c%20search_path%3Da%2Cb+--work-mem=8MB%20-cgeqo=off&lock_timeout=5s&search_path=c',
      {
        settings: [
          ['search_path', 'a,b'],
          ['work_mem', '8MB'],
          ['geqo', 'off'],
          ['search_path', 'c'],
          ['lock_timeout', '5s'],
        ],
      },
    ],
    ["host=h options='-c application_name=a\\\\ b'", { settings: [['application_name', 'a b']] }],
    [
      'postgresql://u@h/d?application_name=mine&keepalives=0&keepalives_idle=7&passfile=/p&gssencmode=prefer',
      { applicationName: 'mine', keepAlive: false, keepAliveIdleMs: 7_000, passwordFile: '/p' },
    ],
  ])('%s', async (text, expected) => {
    expect(await resolveAddress(text)).toMatchObject(expected)
  })

  it.each([
    ['ssl=true', { mode: 'verify-full', verify: 'full' }],
    ['ssl=1&sslmode=require', { mode: 'require', verify: 'if-possible' }],
    ['ssl=no-verify', { mode: 'require', verify: 'nothing' }],
    ['sslmode=no-verify', { mode: 'require', verify: 'nothing' }],
    ['ssl=false', { mode: 'disable' }],
    ['sslmode=allow', { mode: 'allow' }],
    ['sslrootcert=system', { mode: 'verify-full', caFile: 'system' }],
    ['sslmode=require&sslnegotiation=direct', { mode: 'require', direct: true }],
    ['sslcert=/c&sslkey=/k&sslpassword=p', { certFile: '/c', keyFile: '/k', keyPassword: 'p' }],
  ])('with TLS as %s says', async (query, tls) => {
    expect((await resolveAddress(`postgresql://u@h/d?${query}`)).tls).toMatchObject(tls)
  })

  it.each([
    ['postgresql://u@h/d?sslcrl=/x', 'sslcrl'],
    ['postgresql://u@h/d?ssl_min_protocol_version=TLSv1.3', 'ssl_min_protocol_version'],
    ['postgresql://u@h/d?gssencmode=require', 'gssencmode'],
    ['postgresql://u@h/d?require_auth=scram-sha-256', 'require_auth'],
    ['postgresql://u@h/d?sslcertmode=require', 'sslcertmode'],
    ['postgresql://u@h/d?load_balance_hosts=random', 'load_balance_hosts'],
    ['postgresql://u@h/d?schema=public', 'search_path'],
    ['postgresql://u@h/d?sslMode=require', 'sslMode'],
    ['postgresql://u@h/d?sslnegotiation=direct&sslmode=prefer', 'sslnegotiation=direct'],
    ['postgresql://u@h/d?sslrootcert=system&sslmode=require', 'sslrootcert=system'],
    ['postgresql://u@h/d?ssl=false&sslmode=require', 'contradict'],
    ['postgresql://u@h/d?ssl=on', 'ssl=on'],
    ['postgresql://u@h/d?sslmode=on', 'sslmode=on'],
    ['postgresql://u@h/d?channel_binding=on', 'channel_binding=on'],
    ['postgresql://u@h/d?target_session_attrs=master', 'target_session_attrs=master'],
    ['postgresql://u@h/d?connect_timeout=soon', 'connect_timeout'],
    ['postgresql://u@h/d?options=endpoint%3Dx', 'endpoint=x'],
    ['postgresql://u@a,b,c/d?port=1,2', '2 values of port for 3 hosts'],
    ['host=h sslcrl=/x', 'sslcrl'],
    ['postgresql+asyncpg://u@h/d', 'postgresql+asyncpg://'],
  ])('%s is refused by name', async (text, name) => {
    const error = await resolveAddress(text).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'CONFIG_INVALID' })
    expect(`${Reflect.get(error as object, 'message')} ${Reflect.get(error as object, 'hint')}`).toContain(
      name,
    )
  })

  it('with a password whose characters are not encoded is refused without a part of it', async () => {
    for (const text of ['postgresql://u:hunter/2@h/d', 'postgresql://u:hunter?2@h/d']) {
      const error = await resolveAddress(text).catch((reason: unknown) => reason)
      expect(error).toMatchObject({ code: 'CONFIG_INVALID', hint: expect.stringContaining('%-encoded') })
      expect(String(error)).not.toContain('hunter')
    }
    expect((await resolveAddress('postgresql://u:a@b@h/d')).password).toBe('a@b')
  })
})

describe('what a connection string lacks', () => {
  it('comes from its service, then from the options, then from the environment', async () => {
    const home = await temporaryFolder()
    const PGSERVICEFILE = join(home, 'services')
    await writeFile(
      PGSERVICEFILE,
      '# mine\n[other]\nhost=o\n\n[rag]\nhost=of.service\nport=7\nuser=s\npassword=p=1\n\n[last]\nhost=l\n',
    )
    const environment = {
      PGSERVICEFILE,
      PGSERVICE: 'rag',
      PGUSER: 'e',
      PGDATABASE: 'ed',
      PGSSLMODE: 'require',
    }
    expect(
      await resolveAddress('postgresql://u@/', { environment, tls: { mode: 'verify-full', caFile: '/ca' } }),
    ).toMatchObject({
      hosts: [host('of.service', 7)],
      user: 'u',
      password: 'p=1',
      database: 'ed',
      tls: { mode: 'verify-full', caFile: '/ca' },
    })
    expect(await resolveAddress('service=last', { environment })).toMatchObject({
      hosts: [host('l')],
      user: 'e',
      tls: { mode: 'require' },
    })
    await expect(resolveAddress('service=nowhere', { environment })).rejects.toMatchObject(
      refusal('"nowhere"'),
    )
    await writeFile(PGSERVICEFILE, '[rag]\nsslcrl=/x\n')
    await expect(resolveAddress('postgresql://', { environment })).rejects.toMatchObject(refusal('sslcrl'))
  })

  it('comes from ~/.pg_service.conf and the folder of the system', async () => {
    const home = await temporaryFolder()
    const system = join(home, 'system')
    await mkdir(system)
    await writeFile(join(home, '.pg_service.conf'), '[a]\nhost=own\n')
    await writeFile(join(system, 'pg_service.conf'), '[a]\nhost=not\n[b]\nhost=of.machine\n')
    const environment = { HOME: home, PGSYSCONFDIR: system }
    expect((await resolveAddress('service=a', { environment })).hosts).toEqual([host('own')])
    expect((await resolveAddress('service=b', { environment })).hosts).toEqual([host('of.machine')])
  })

  it.each([
    ['PGSSLCRL', '/x'],
    ['PGSSLMINPROTOCOLVERSION', 'TLSv1.3'],
    ['PGGSSENCMODE', 'require'],
    ['PGREQUIREAUTH', 'scram-sha-256'],
  ])('is refused by name where it is %s', async (name, value) => {
    await expect(
      resolveAddress('postgresql://u@h/d', { environment: { [name]: value } }),
    ).rejects.toMatchObject(refusal(name))
  })
})

describe('the password file', () => {
  const wanted = { host: 'db', port: 5432, database: 'd', user: 'u' }

  async function passwordFile(text: string, mode = 0o600): Promise<string> {
    const file = join(await temporaryFolder(), 'pgpass')
    await writeFile(file, text)
    await chmod(file, mode)
    return file
  }

  it('has the password of the first line that fits', async () => {
    const file = await passwordFile(
      '#db:5432:d:u:comment\nother:*:*:*:o\ndb:5433:*:*:port\nlocalhost:*:*:*:socket\ndb:*:d:u:a\\:b\\\\c:d\n*:*:*:*:last\n',
    )
    expect(await passwordFromFile(file, wanted)).toBe('a:b\\c:d')
    expect(await passwordFromFile(file, { ...wanted, host: '/run/postgresql' })).toBe('socket')
    expect(await passwordFromFile(file, { ...wanted, host: '/other' })).toBe('last')
    expect(await passwordFromFile(await passwordFile('db:5432:x:u:p\n'), wanted)).toBeNull()
    expect(await passwordFromFile('/nowhere/pgpass', wanted)).toBeNull()
  })

  it('that others can read is not used, and that is said', async () => {
    const file = await passwordFile('*:*:*:*:p\n', 0o644)
    await expect(passwordFromFile(file, wanted)).rejects.toMatchObject(refusal('other users'))
  })
})
