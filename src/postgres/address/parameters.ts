import { RevectorError } from '../../core/errors.ts'

/** Parameters of a connection by libpq's names. An empty value counts as not given, as in libpq. */
export type Parameters = ReadonlyMap<string, string>

/** libpq's variables by name: `PGHOST`, `PGPASSFILE`, …; also `HOME` and `SSL_CERT_FILE`. */
export type ConnectionEnvironment = Readonly<Record<string, string | undefined>>

/** Variables that stand for a parameter which the connection string does not have. */
const variables: Readonly<Record<string, string>> = {
  PGHOST: 'host',
  PGHOSTADDR: 'hostaddr',
  PGPORT: 'port',
  PGDATABASE: 'dbname',
  PGUSER: 'user',
  PGPASSWORD: 'password',
  PGPASSFILE: 'passfile',
  PGSERVICE: 'service',
  PGOPTIONS: 'options',
  PGAPPNAME: 'application_name',
  PGCONNECT_TIMEOUT: 'connect_timeout',
  PGTARGETSESSIONATTRS: 'target_session_attrs',
  PGLOADBALANCEHOSTS: 'load_balance_hosts',
  PGCHANNELBINDING: 'channel_binding',
  PGREQUIREAUTH: 'require_auth',
  PGREQUIREPEER: 'requirepeer',
  PGSSLMODE: 'sslmode',
  PGREQUIRESSL: 'requiressl',
  PGSSLROOTCERT: 'sslrootcert',
  PGSSLCERT: 'sslcert',
  PGSSLKEY: 'sslkey',
  PGSSLCERTMODE: 'sslcertmode',
  PGSSLNEGOTIATION: 'sslnegotiation',
  PGSSLCOMPRESSION: 'sslcompression',
  PGSSLSNI: 'sslsni',
  PGSSLCRL: 'sslcrl',
  PGSSLCRLDIR: 'sslcrldir',
  PGSSLMINPROTOCOLVERSION: 'ssl_min_protocol_version',
  PGSSLMAXPROTOCOLVERSION: 'ssl_max_protocol_version',
  PGGSSENCMODE: 'gssencmode',
  PGGSSLIB: 'gsslib',
  PGGSSDELEGATION: 'gssdelegation',
  PGKRBSRVNAME: 'krbsrvname',
  PGCLIENTENCODING: 'client_encoding',
}

/** What takes effect, with any value that is checked where it is used. */
const used = new Set([
  'application_name',
  'channel_binding',
  'connect_timeout',
  'dbname',
  'fallback_application_name',
  'host',
  'hostaddr',
  'idle_in_transaction_session_timeout',
  'keepalives',
  'keepalives_idle',
  'lock_timeout',
  'options',
  'passfile',
  'password',
  'port',
  'search_path',
  'service',
  'ssl',
  'sslcert',
  'sslkey',
  'sslmode',
  'sslnegotiation',
  'sslpassword',
  'sslrootcert',
  'statement_timeout',
  'target_session_attrs',
  'user',
])

/** What Revector does in any case, or cannot do otherwise: these values ask for no more than that. */
const acceptable: Readonly<Record<string, readonly string[]>> = {
  client_encoding: ['utf8', 'utf-8', 'auto'],
  gssencmode: ['disable', 'prefer'],
  load_balance_hosts: ['disable'],
  sslcertmode: ['allow'],
  sslcompression: ['0'],
  sslsni: ['1'],
  // As other clients of Node and their poolers spell it; how a pooler behaves is found out.
  pgbouncer: ['true'],
  uselibpqcompat: ['true'],
}

/** What libpq knows; others are called unknown. */
const unsupported = new Set([
  'gssdelegation',
  'gsslib',
  'keepalives_count',
  'keepalives_interval',
  'krbsrvname',
  'max_protocol_version',
  'min_protocol_version',
  'oauth_client_id',
  'oauth_client_secret',
  'oauth_issuer',
  'oauth_scope',
  'replication',
  'require_auth',
  'requirepeer',
  'requiressl',
  'scram_client_key',
  'scram_server_key',
  'servicefile',
  'ssl_max_protocol_version',
  'ssl_min_protocol_version',
  'sslcrl',
  'sslcrldir',
  'sslkeylogfile',
  'tcp_user_timeout',
])

/** @throws RevectorError CONFIG_INVALID naming what would otherwise be ignored */
export function checkParameters(parameters: Parameters, from: string): void {
  for (const [name, value] of parameters) {
    if (value === '' || used.has(name)) continue
    const values = acceptable[name]
    if (values?.includes(value.toLowerCase())) continue
    throw refused(name, from, values)
  }
}

/** The parameters that the environment has. @throws RevectorError CONFIG_INVALID */
export function environmentParameters(environment: ConnectionEnvironment): Parameters {
  const found = new Map<string, string>()
  for (const [variable, name] of Object.entries(variables)) {
    const value = environment[variable]
    if (value === undefined || value === '') continue
    checkParameters(new Map([[name, value]]), variable)
    found.set(name, value)
  }
  return found
}

export function configInvalid(message: string, hint: string, cause?: unknown): RevectorError {
  return new RevectorError('CONFIG_INVALID', message, { hint, ...(cause === undefined ? {} : { cause }) })
}

function refused(name: string, from: string, values: readonly string[] | undefined): RevectorError {
  const what = from.startsWith('PG') ? `${from} (${name})` : `The parameter ${name} of ${from}`
  if (values !== undefined) {
    return configInvalid(
      `${what} is supported as ${values.join(' or ')} only.`,
      'Correct it or remove it. Revector ignores no parameter of a connection.',
    )
  }
  return unsupported.has(name)
    ? configInvalid(
        `${what} is not supported.`,
        'Remove it, if the connection may do without it. Revector ignores no parameter of a connection.',
      )
    : configInvalid(
        `${what} is not known.`,
        name === 'schema'
          ? 'Remove it; which schema is used is decided by search_path, for example ?search_path=NAME.'
          : 'Check its spelling or remove it. Revector ignores no parameter of a connection.',
      )
}
