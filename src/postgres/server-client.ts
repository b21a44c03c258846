import type { ConnectionOptions } from 'node:tls'
import pg from 'pg'
import { RevectorError } from '../core/errors.ts'
import type { ServerAddress, ServerHost } from './address/address.ts'
import { requireChannelBinding } from './address/channel-binding.ts'
import { passwordFromFile } from './address/password-file.ts'
import type { ServerChoice } from './address/server-choice.ts'
import { cutConnection, withoutOptions } from './client-wire.ts'
import type { Place } from './errors.ts'
import { isWorking } from './is-working.ts'
import type { Silence } from './silence.ts'

export interface ServerClientOptions {
  readonly address: ServerAddress
  readonly choice: ServerChoice
  readonly ssl: ConnectionOptions | false
  readonly place: Place
  readonly silence: Silence
  /** Whether a pooler is in between, which makes up the process ids that clients are told. */
  readonly pooled: () => boolean
}

type Connected = (error: Error | null, client?: pg.Client) => void

/** A class of clients for the pool: each connects to the server whose turn it is, and checks that it is the one asked for. */
export function serverClient(options: ServerClientOptions): typeof pg.Client {
  const { address, choice, ssl, silence } = options
  return class Client extends pg.Client {
    readonly #host: ServerHost

    constructor(config?: pg.ClientConfig) {
      const host = choice.current()
      super({
        ...config,
        ...serverConfig(host, options),
        // The pool's own limit would include the wait for a free connection; this one only limits connecting.
        connectionTimeoutMillis: silence.connectTimeoutMs(),
      })
      this.#host = host
      withoutOptions(this)
      this.on('error', () => {})
      requireChannelBinding(this.connection, address)
      silence.watch(this, (text) => isWorking(this, new Client(config), { text, pooled: options.pooled() }))
    }

    override connect(): Promise<pg.Client>
    override connect(callback: Connected): void
    override connect(callback?: Connected): Promise<pg.Client> | undefined {
      const connected = this.#connect()
      if (callback === undefined) return connected
      connected.then(() => callback(null, this), callback)
      return undefined
    }

    async #connect(): Promise<pg.Client> {
      try {
        await super.connect()
        await choice.check(this)
        choice.succeeded()
        silence.connected(this)
        return this
      } catch (error) {
        cutConnection(this)
        const shown = choice.failed(this.#host, error)
        silence.connectFailed(shown)
        throw shown
      }
    }
  } as typeof pg.Client

  function serverConfig(host: ServerHost, { place }: ServerClientOptions): object {
    return {
      host: host.hostaddr ?? host.host,
      port: host.port,
      user: address.user,
      database: address.database,
      // A function, so that it is in no dump of this object, and so that the file is read only if the server asks.
      password: () => passwordOf(address, host, place),
      ssl: ssl === false || host.hostaddr === null ? ssl : { ...ssl, servername: host.host },
      sslnegotiation: ssl !== false && address.tls.direct ? 'direct' : 'postgres',
      enableChannelBinding: ssl !== false && address.channelBinding !== 'disable',
    }
  }
}

async function passwordOf(address: ServerAddress, host: ServerHost, place: Place): Promise<string> {
  const { password, passwordFile, user, database } = address
  if (password !== null) return password
  const found =
    passwordFile === null ? null : await passwordFromFile(passwordFile, { ...host, user, database })
  if (found !== null) return found
  throw new RevectorError(
    'DATABASE_AUTHENTICATION_FAILED',
    `The server at ${place.address} requires a password, but the user "${user}" has none.`,
    {
      hint: 'Put it into DATABASE_URL (postgresql://user:password@host:port/database), PGPASSWORD or the password file (~/.pgpass).',
      data: { user },
    },
  )
}
