import { join } from 'node:path'
import { configInvalid, type Parameters } from './parameters.ts'

export const tlsModes = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'] as const
export type TlsMode = (typeof tlsModes)[number]

export interface TlsOptions {
  /**
   * As libpq's sslmode. `allow` uses TLS where the server insists, `prefer` where it offers it, `require` insists but checks no
   * certificate, `verify-ca` checks who signed it, `verify-full` also the host name. Default: `prefer`, on this machine `disable`.
   */
  readonly mode?: TlsMode
  /** PEM file of the trusted authorities, or `system` for those of the machine. With `require`: as `verify-ca`. */
  readonly caFile?: string
  /** PEM files of a client certificate and its key. */
  readonly certFile?: string
  readonly keyFile?: string
}

/** What a connection string and its surroundings say about TLS. */
export interface TlsSettings {
  readonly mode: TlsMode
  /** What of the server's certificate is checked in any case; `ca` also if there are authorities to check it with. */
  readonly verify: 'nothing' | 'ca' | 'full' | 'if-possible'
  /** A file or `system`; null: libpq's own file if it exists. */
  readonly caFile: string | null
  readonly certFile: string | null
  readonly keyFile: string | null
  readonly keyPassword: string | null
  /** TLS from the first byte, without asking the server. */
  readonly direct: boolean
  /** libpq's own folder: root.crt, postgresql.crt and postgresql.key are used if they exist. */
  readonly folder: string | null
}

/** The options under libpq's names. */
export function tlsParameters({ mode, caFile, certFile, keyFile }: TlsOptions): Parameters {
  const named = { sslmode: mode, sslrootcert: caFile, sslcert: certFile, sslkey: keyFile }
  return new Map(Object.entries(named).filter((entry): entry is [string, string] => entry[1] !== undefined))
}

/** @throws RevectorError CONFIG_INVALID */
export function tlsSettings(
  parameters: Parameters,
  { allLocal, home }: { readonly allLocal: boolean; readonly home: string | undefined },
): TlsSettings {
  const caFile = parameters.get('sslrootcert') ?? null
  const named = namedMode(parameters)
  const mode = named?.mode ?? (caFile === 'system' ? 'verify-full' : allLocal ? 'disable' : 'prefer')
  if (caFile === 'system' && mode !== 'verify-full') {
    throw configInvalid(
      `sslrootcert=system needs sslmode=verify-full: it is ${mode}.`,
      'The authorities of the machine sign for everyone, so the name of the server must be checked too.',
    )
  }
  return {
    mode,
    verify: named?.verify ?? verification(mode),
    caFile,
    certFile: parameters.get('sslcert') ?? null,
    keyFile: parameters.get('sslkey') ?? null,
    keyPassword: parameters.get('sslpassword') ?? null,
    direct: directTls(parameters, mode),
    folder: home === undefined || home === '' ? null : join(home, '.postgresql'),
  }
}

function verification(mode: TlsMode): TlsSettings['verify'] {
  if (mode === 'verify-full') return 'full'
  return mode === 'verify-ca' ? 'ca' : 'if-possible'
}

interface NamedMode {
  readonly mode: TlsMode
  readonly verify?: 'nothing'
}

/** libpq's sslmode, and `ssl` and `no-verify` as clients of Node spell it, where `ssl=true` checks the certificate. */
function namedMode(parameters: Parameters): NamedMode | null {
  const sslmode = parameters.get('sslmode')
  const ssl = parameters.get('ssl')
  const ofSsl = ssl === undefined ? null : sslOf(ssl)
  if (sslmode === undefined) return ofSsl
  const ofMode = sslmode === 'no-verify' ? unverified : { mode: modeOf(sslmode) }
  if (ofSsl !== null && (ofSsl.mode === 'disable') !== (ofMode.mode === 'disable')) {
    throw configInvalid(`ssl=${ssl} and sslmode=${sslmode} contradict each other.`, 'Keep one of them.')
  }
  return ofMode
}

const unverified: NamedMode = { mode: 'require', verify: 'nothing' }

function sslOf(text: string): NamedMode {
  if (/^(true|1)$/i.test(text)) return { mode: 'verify-full' }
  if (/^(false|0)$/i.test(text)) return { mode: 'disable' }
  if (text === 'no-verify') return unverified
  throw configInvalid(`ssl=${text} is none of true, false, no-verify.`, 'Correct it, or use sslmode.')
}

function modeOf(text: string): TlsMode {
  const mode = tlsModes.find((known) => known === text)
  if (mode !== undefined) return mode
  throw configInvalid(
    `sslmode=${text} is none of ${tlsModes.join(', ')}.`,
    'Correct sslmode where the connection is configured.',
  )
}

function directTls(parameters: Parameters, mode: TlsMode): boolean {
  const negotiation = parameters.get('sslnegotiation') ?? 'postgres'
  if (negotiation === 'postgres') return false
  if (negotiation !== 'direct') {
    throw configInvalid(
      `sslnegotiation=${negotiation} is neither postgres nor direct.`,
      'Correct it or remove it.',
    )
  }
  if (mode === 'require' || mode.startsWith('verify-')) return true
  throw configInvalid(
    `sslnegotiation=direct needs sslmode=require or stronger: it is ${mode}.`,
    'Set sslmode=verify-full, or remove sslnegotiation.',
  )
}
