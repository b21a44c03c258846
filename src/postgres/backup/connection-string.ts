import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { DatabaseOptions } from '../connect.ts'
import { parseServerUrl } from '../server-url.ts'

/**
 * The connection for PostgreSQL's own programs. The password is in a file in `folder` that only this user can
 * read: command-line arguments are visible to every user of the machine.
 */
export async function toolConnection(options: DatabaseOptions, folder: string): Promise<string> {
  const address = parseServerUrl(options.databaseUrl ?? '', options.tls)
  const parameters = new URLSearchParams({
    host: address.host,
    port: String(address.port),
    user: address.user,
    sslmode: address.tls.mode,
    application_name: 'revector',
  })
  if (address.tls.caFile !== undefined) parameters.set('sslrootcert', address.tls.caFile)
  if (address.tls.certFile !== undefined) parameters.set('sslcert', address.tls.certFile)
  if (address.tls.keyFile !== undefined) parameters.set('sslkey', address.tls.keyFile)
  if (address.password !== undefined) {
    const passwordFile = join(folder, 'pgpass')
    const escaped = address.password.replace(/[\\:]/g, '\\$&')
    await writeFile(passwordFile, `*:*:*:*:${escaped}\n`, { mode: 0o600 })
    parameters.set('passfile', passwordFile)
  }
  // libpq knows %20, not +.
  return `postgresql:///${encodeURIComponent(address.database)}?${parameters.toString().replaceAll('+', '%20')}`
}
