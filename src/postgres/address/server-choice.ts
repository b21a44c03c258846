import type { ClientBase } from 'pg'
import type { ServerAddress, ServerHost, TargetSession } from './address.ts'

/** `pg` gives its errors such a code; this one is looked for in errors.ts and retry.ts. */
export const otherSession = 'REVECTOR_TARGET_SESSION'

/** Which of several servers the next connection goes to. */
export interface ServerChoice {
  /** How many connections must fail until each server was tried in every way. */
  readonly attempts: number
  current(): ServerHost
  /** @throws Error with the code `otherSession` if the server is not what `target_session_attrs` asks for */
  check(client: ClientBase): Promise<void>
  succeeded(): void
  /** The next connection goes to the next server. Returns the error to show, which names each server's reason. */
  failed(host: ServerHost, error: unknown): unknown
}

export function createServerChoice({ hosts, targetSession }: ServerAddress): ServerChoice {
  const reasons = new Map<ServerHost, string>()
  const [first] = hosts
  let index = 0
  let failures = 0
  return {
    attempts: hosts.length * (targetSession === 'prefer-standby' ? 2 : 1),
    current: () => hosts[index] ?? (first as ServerHost),
    async check(client) {
      // With prefer-standby any server will do once each of them was asked.
      if (targetSession === 'any' || (targetSession === 'prefer-standby' && failures >= hosts.length)) return
      const { rows } = await client.query<ServerState>(
        `select pg_is_in_recovery() as standby, current_setting('transaction_read_only') = 'on' as "readOnly"`,
      )
      const state = rows[0] ?? { standby: false, readOnly: false }
      if (fits(targetSession, state)) return
      const is = `${state.standby ? 'a standby' : 'a primary'}${state.readOnly ? ', read-only' : ''}`
      const message = `it is ${is}, but target_session_attrs is ${targetSession}`
      throw Object.assign(new Error(message), { code: otherSession })
    },
    succeeded() {
      failures = 0
      reasons.clear()
    },
    failed(host, error) {
      if (!(error instanceof Error) || isFinal(error)) return error
      failures += 1
      if (hosts[index] === host) index = (index + 1) % hosts.length
      reasons.set(host, error.message)
      if (hosts.length === 1) return error
      const text = [...reasons].map(([{ host: name, port }, why]) => `${name}:${port}: ${why}`).join('; ')
      const code = 'code' in error ? error.code : 'ETIMEDOUT'
      return Object.assign(new Error(text, { cause: error }), { code })
    },
  }
}

interface ServerState {
  readonly standby: boolean
  readonly readOnly: boolean
}

function fits(target: TargetSession, { standby, readOnly }: ServerState): boolean {
  switch (target) {
    case 'read-write':
      return !readOnly
    case 'read-only':
      return readOnly
    case 'primary':
      return !standby
    default:
      return standby
  }
}

/** The server has decided; another one would be asked in vain, or with a password that is not its own. */
function isFinal(error: Error): boolean {
  return 'code' in error && typeof error.code === 'string' && /^(28|3D)/.test(error.code)
}
