import { homedir } from 'node:os'

/** They say which server, which is enough to mean one: PGUSER alone is on many machines for other programs. */
const serverNames = ['PGHOST', 'PGHOSTADDR', 'PGSERVICE'] as const

/** The variable of libpq's that names a server. */
export function namedServer(env: NodeJS.ProcessEnv): string | undefined {
  return serverNames.find((name) => env[name] !== undefined && env[name] !== '')
}

/** libpq's variables, and what else says where the files of a connection are. */
export function connectionEnvironment(env: NodeJS.ProcessEnv): Readonly<Record<string, string | undefined>> {
  const ofLibpq = Object.entries(env).filter(([name]) => /^PG[A-Z_]+$/.test(name))
  return { ...Object.fromEntries(ofLibpq), HOME: homedir(), SSL_CERT_FILE: env['SSL_CERT_FILE'] }
}

export function overruled(name: string): string {
  return `${name} is set, but the data folder that is configured takes precedence: the embedded engine is used. Set DATABASE_URL to use the server.`
}
