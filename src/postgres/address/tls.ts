import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import tls, { type ConnectionOptions, rootCertificates } from 'node:tls'
import { type ConnectionEnvironment, configInvalid } from './parameters.ts'
import type { TlsSettings } from './tls-settings.ts'

/**
 * What to try one after the other: with TLS, without, or both.
 *
 * @throws RevectorError CONFIG_INVALID for a file that cannot be read
 */
export async function tlsAttempts(
  settings: TlsSettings,
  environment: ConnectionEnvironment,
): Promise<readonly [ConnectionOptions | false, ...(ConnectionOptions | false)[]]> {
  if (settings.mode === 'disable') return [false]
  const secure = await tlsConfig(settings, environment)
  if (settings.mode === 'prefer') return [secure, false]
  return settings.mode === 'allow' ? [false, secure] : [secure]
}

async function tlsConfig(
  settings: TlsSettings,
  environment: ConnectionEnvironment,
): Promise<ConnectionOptions> {
  const { verify, folder } = settings
  const [ca, cert, key] = await Promise.all([
    verify === 'nothing' ? undefined : authorities(settings, environment),
    pem('sslcert', settings.certFile, folder, 'postgresql.crt'),
    pem('sslkey', settings.keyFile, folder, 'postgresql.key'),
  ])
  return {
    rejectUnauthorized: verify === 'full' || verify === 'ca' || ca !== undefined,
    ca,
    cert,
    key,
    ...(settings.keyPassword === null ? {} : { passphrase: settings.keyPassword }),
    // Only verify-full requires that the certificate was issued for this host.
    ...(verify === 'full' ? {} : { checkServerIdentity: () => undefined }),
  }
}

/** Undefined: those that Node brings. */
async function authorities(
  { caFile, folder }: TlsSettings,
  environment: ConnectionEnvironment,
): Promise<string | string[] | undefined> {
  if (caFile === 'system') return systemAuthorities(environment)
  const ca = await pem('sslrootcert', caFile, folder, 'root.crt')
  if (ca !== undefined && caFile === null && folder !== null) await refuseRevocations(folder)
  return ca
}

const systemFiles = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/ssl/cert.pem',
]

async function systemAuthorities({
  SSL_CERT_FILE: named,
}: ConnectionEnvironment): Promise<string | string[]> {
  if (named !== undefined && named !== '') return (await pem('SSL_CERT_FILE', named, null, '')) ?? []
  // Newer than Node 20.
  const getAuthorities: unknown = Reflect.get(tls, 'getCACertificates')
  const known: unknown = typeof getAuthorities === 'function' ? getAuthorities('system') : []
  if (Array.isArray(known) && known.length > 0) return known.map(String)
  for (const file of systemFiles) {
    const text = await readFile(file, 'utf8').catch(() => null)
    if (text !== null) return text
  }
  return [...rootCertificates]
}

/** The text of the file that was named, else of libpq's own file if it exists. */
async function pem(
  name: string,
  file: string | null,
  folder: string | null,
  usual: string,
): Promise<string | undefined> {
  if (file === null) {
    return folder === null ? undefined : readFile(join(folder, usual), 'utf8').catch(() => undefined)
  }
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    throw configInvalid(
      `A certificate file could not be read: ${file}.`,
      `Correct ${name} where the connection is configured.`,
      error,
    )
  }
}

/** libpq looks at this file; ignoring it would accept a certificate that was withdrawn. */
async function refuseRevocations(folder: string): Promise<void> {
  const file = join(folder, 'root.crl')
  const found = await readFile(file).catch(() => null)
  if (found === null) return
  throw configInvalid(
    `Revocation lists are not supported, and there is one: ${file}.`,
    'Name the authorities with sslrootcert, if the connection may do without the list.',
  )
}
