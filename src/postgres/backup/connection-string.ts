import { createPrivateKey } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { resolveAddress, type ServerAddress } from '../address/address.ts'
import { configInvalid } from '../address/parameters.ts'
import { passwordFromFile } from '../address/password-file.ts'
import type { TlsSettings } from '../address/tls-settings.ts'
import type { DatabaseOptions } from '../connect.ts'

/**
 * The connection for PostgreSQL's own programs. Passwords and keys are in files in `folder` that only this user can
 * read: command-line arguments are visible to every user of the machine.
 */
export async function toolConnection(options: DatabaseOptions, folder: string): Promise<string> {
  const address = await resolveAddress(options.databaseUrl ?? '', options)
  const { tls, hosts } = address
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
  const keyFile = await keyFileOf(tls, folder)
  if (keyFile !== null) parameters.set('sslkey', keyFile)
  const lines = await passwordLines(address)
  if (lines.length > 0) {
    const passwordFile = join(folder, 'pgpass')
    await writeFile(passwordFile, lines.join(''), { mode: 0o600 })
    parameters.set('passfile', passwordFile)
  }
  // libpq knows %20, not +.
  return `postgresql:///${encodeURIComponent(address.database)}?${parameters.toString().replaceAll('+', '%20')}`
}

/**
 * The programs take the password of an encrypted key as an argument only, so they get the key as it is without it, like the
 * user's password: in `folder`, for this user alone.
 */
async function keyFileOf(tls: TlsSettings, folder: string): Promise<string | null> {
  const { keyPassword, keyFile } = tls
  const encrypted = keyFile ?? (tls.folder === null ? null : join(tls.folder, 'postgresql.key'))
  if (keyPassword === null || encrypted === null) return keyFile
  const pem = await readFile(encrypted, 'utf8').catch(() => null)
  // Without a client certificate there may be none.
  if (pem === null && keyFile === null) return null
  const file = join(folder, 'client-key')
  await writeFile(file, decrypted(pem ?? '', { passphrase: keyPassword, name: encrypted }), { mode: 0o600 })
  return file
}

function decrypted(
  key: string,
  { passphrase, name }: { readonly passphrase: string; readonly name: string },
) {
  try {
    return createPrivateKey({ key, passphrase }).export({ type: 'pkcs8', format: 'pem' })
  } catch (cause) {
    throw configInvalid(
      `The key ${name} could not be read with sslpassword.`,
      'Correct sslkey and sslpassword.',
      cause,
    )
  }
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
