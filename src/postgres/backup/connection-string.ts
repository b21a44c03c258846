import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { resolveAddress, type ServerAddress } from '../address/address.ts'
import { configInvalid } from '../address/parameters.ts'
import { passwordFromFile } from '../address/password-file.ts'
import type { DatabaseOptions } from '../connect.ts'

/**
 * The connection for PostgreSQL's own programs. The password is in a file in `folder` that only this user can
 * read: command-line arguments are visible to every user of the machine.
 */
export async function toolConnection(options: DatabaseOptions, folder: string): Promise<string> {
  const address = await resolveAddress(options.databaseUrl ?? '', options)
  const { tls, hosts } = address
  if (tls.keyPassword !== null) {
    throw configInvalid(
      'Backups cannot use a key with a password (sslpassword).',
      'Use a key without one for backups, or run pg_dump yourself.',
    )
  }
  const parameters = new URLSearchParams({
    host: hosts.map(({ host }) => host).join(','),
    port: hosts.map(({ port }) => port).join(','),
    user: address.user,
    sslmode: tls.mode,
    sslnegotiation: tls.direct ? 'direct' : 'postgres',
    channel_binding: address.channelBinding,
    target_session_attrs: address.targetSession,
    application_name: 'revector',
  })
  // Older programs of PostgreSQL do not know it.
  if (!tls.direct) parameters.delete('sslnegotiation')
  if (hosts.some(({ hostaddr }) => hostaddr !== null)) {
    parameters.set('hostaddr', hosts.map(({ hostaddr }) => hostaddr ?? '').join(','))
  }
  if (tls.caFile !== null && tls.verify !== 'nothing') parameters.set('sslrootcert', tls.caFile)
  if (tls.certFile !== null) parameters.set('sslcert', tls.certFile)
  if (tls.keyFile !== null) parameters.set('sslkey', tls.keyFile)
  const lines = await passwordLines(address)
  if (lines.length > 0) {
    const passwordFile = join(folder, 'pgpass')
    await writeFile(passwordFile, lines.join(''), { mode: 0o600 })
    parameters.set('passfile', passwordFile)
  }
  // libpq knows %20, not +.
  return `postgresql:///${encodeURIComponent(address.database)}?${parameters.toString().replaceAll('+', '%20')}`
}

/** The password of each host, as a line of a password file. */
async function passwordLines({
  hosts,
  user,
  database,
  ...address
}: ServerAddress): Promise<readonly string[]> {
  const escaped = (text: string): string => text.replace(/[\\:]/g, '\\$&')
  if (address.password !== null) return [`*:*:*:*:${escaped(address.password)}\n`]
  const file = address.passwordFile
  if (file === null) return []
  const lines = await Promise.all(
    hosts.map(async ({ host, port }) => {
      const password = await passwordFromFile(file, { host, port, database, user })
      return password === null ? '' : `${escaped(host)}:${port}:*:*:${escaped(password)}\n`
    }),
  )
  return lines.filter((line) => line !== '')
}
