import { userInfo } from 'node:os'
import { join } from 'node:path'
import { notAString, parseConnectionString } from './connection-string.ts'
import {
  type ConnectionEnvironment,
  checkParameters,
  configInvalid,
  environmentParameters,
  type Parameters,
} from './parameters.ts'
import { serviceParameters } from './service-file.ts'
import { type Setting, settingsOf } from './settings.ts'
import { type TlsOptions, type TlsSettings, tlsParameters, tlsSettings } from './tls-settings.ts'

/** One of the servers that a connection string names. */
export interface ServerHost {
  /** A name, an address, or the folder of a socket. */
  readonly host: string
  /** The address to connect to, if the name is not to be looked up. */
  readonly hostaddr: string | null
  readonly port: number
}

export const targetSessions = [
  'any',
  'read-write',
  'read-only',
  'primary',
  'standby',
  'prefer-standby',
] as const
export type TargetSession = (typeof targetSessions)[number]

const channelBindings = ['disable', 'prefer', 'require'] as const

/** Everything that a connection needs to know, from the connection string and what stands in for its parts. */
export interface ServerAddress {
  /** At least one; tried in this order. */
  readonly hosts: readonly ServerHost[]
  readonly targetSession: TargetSession
  readonly user: string
  readonly password: string | null
  /** Where a password is looked up if there is none. */
  readonly passwordFile: string | null
  readonly database: string
  readonly tls: TlsSettings
  readonly channelBinding: (typeof channelBindings)[number]
  readonly applicationName: string | null
  /** Null: as the options say. 0: no limit. */
  readonly connectTimeoutMs: number | null
  readonly keepAlive: boolean
  readonly keepAliveIdleMs: number
  /** Set in each session after connecting. */
  readonly settings: readonly Setting[]
}

export interface AddressOptions {
  readonly tls?: TlsOptions
  readonly environment?: ConnectionEnvironment
}

/**
 * As libpq does: what the connection string lacks comes from its service, then from the options, then from the environment.
 *
 * @throws RevectorError CONFIG_INVALID; the message never repeats the text, which may hold a password
 */
export async function resolveAddress(text: string, options: AddressOptions = {}): Promise<ServerAddress> {
  const { tls = {}, environment = {} } = options
  const given = parseConnectionString(text)
  checkParameters(given, 'DATABASE_URL')
  const outer = environmentParameters(environment)
  const service = given.get('service') ?? outer.get('service')
  const parameters = new Map([
    ...outer,
    ...tlsParameters(tls),
    ...(service === undefined ? [] : await serviceParameters(service, environment)),
    ...given,
  ])
  const text1 = (name: string): string | null => parameters.get(name) ?? null
  const user = text1('user') ?? userOfThisMachine()
  const hosts = hostsOf(parameters)
  return {
    hosts,
    targetSession: oneOf(parameters, 'target_session_attrs', targetSessions) ?? 'any',
    user,
    password: text1('password'),
    passwordFile: text1('passfile') ?? passwordFileOf(environment),
    database: text1('dbname') ?? user,
    tls: tlsSettings(parameters, { allLocal: hosts.every(isLocal), home: environment['HOME'] }),
    channelBinding: oneOf(parameters, 'channel_binding', channelBindings) ?? 'disable',
    applicationName: text1('application_name') ?? text1('fallback_application_name'),
    connectTimeoutMs: seconds(parameters, 'connect_timeout'),
    keepAlive: text1('keepalives') !== '0',
    keepAliveIdleMs: seconds(parameters, 'keepalives_idle') ?? 10_000,
    settings: settingsOf(parameters),
  }
}

/** For messages: `localhost:5432`, or the folder of a socket; several with commas. */
export function addressText({ hosts }: Pick<ServerAddress, 'hosts'>): string {
  return hosts.map(({ host, port }) => (host.startsWith('/') ? host : `${host}:${port}`)).join(', ')
}

function hostsOf(parameters: Parameters): readonly ServerHost[] {
  const list = (name: string): readonly string[] => (parameters.get(name) ?? '').split(',')
  const [names, addresses, ports] = [list('host'), list('hostaddr'), list('port')]
  const count = Math.max(names.length, addresses.length)
  for (const [name, values] of [
    ['host', names],
    ['hostaddr', addresses],
    ['port', ports],
  ] as const) {
    if (values.length === count || (name === 'port' && values.length === 1)) continue
    if (values.length === 1 && values[0] === '') continue
    throw notAString(`it has ${values.length} values of ${name} for ${count} hosts`)
  }
  return Array.from({ length: count }, (_, index) => {
    const hostaddr = addresses[index] || null
    const name = names[index] || hostaddr || 'localhost'
    return { host: name, hostaddr, port: portOf((ports.length === 1 ? ports[0] : ports[index]) || '5432') }
  })
}

function portOf(text: string): number {
  const port = Number(text)
  // Not repeated: with a character that is not encoded, a part of the password may be where the port belongs.
  if (/^\d+$/.test(text) && port >= 1 && port <= 65_535) return port
  throw notAString('a port is not a number from 1 to 65535')
}

function isLocal({ host, hostaddr }: ServerHost): boolean {
  const address = hostaddr ?? host
  return address === 'localhost' || address === '::1' || address.startsWith('127.') || address.startsWith('/')
}

function seconds(parameters: Parameters, name: string): number | null {
  const text = parameters.get(name)
  if (text === undefined) return null
  if (!/^-?\d+$/.test(text)) {
    throw configInvalid(
      `${name} is not a whole number of seconds: "${text}".`,
      `Expected for example ${name}=10.`,
    )
  }
  return Math.max(0, Number(text)) * 1_000
}

export function oneOf<T extends string>(
  parameters: Parameters,
  name: string,
  values: readonly T[],
): T | null {
  const text = parameters.get(name)
  if (text === undefined) return null
  const value = values.find((known) => known === text)
  if (value !== undefined) return value
  throw configInvalid(
    `${name}=${text} is none of ${values.join(', ')}.`,
    `Correct ${name} where the connection is configured.`,
  )
}

function passwordFileOf({ HOME: home }: ConnectionEnvironment): string | null {
  return home === undefined || home === '' ? null : join(home, '.pgpass')
}

function userOfThisMachine(): string {
  try {
    return userInfo().username
  } catch {
    // A container may run as a user without a name.
    return 'postgres'
  }
}
