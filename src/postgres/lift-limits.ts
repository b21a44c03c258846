/**
 * Settings of a role or a database that end what takes long by nature, however healthy it is. A role's lock_timeout stays:
 * who waits for a lock chose for how long.
 */
const limits = ['statement_timeout', 'idle_in_transaction_session_timeout'] as const

/** Lifts them for one transaction, or for a session until it is reset. Several statements, without parameters. */
export function liftLimits(serverVersion: string, scope: 'local' | 'session'): string {
  const newer = Number.parseInt(serverVersion, 10) >= 17 ? ['transaction_timeout'] : []
  const idle = scope === 'session' ? ['idle_session_timeout'] : []
  return [...limits, ...newer, ...idle].map((name) => `set ${scope} ${name} = 0`).join('; ')
}
