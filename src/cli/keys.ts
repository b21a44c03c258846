import type { Command } from 'commander'
import { type Scope, scopes } from '../core/access.ts'
import { RevectorError } from '../core/errors.ts'
import type { ApiKey } from '../library/revector.ts'
import { apiKey, keyList, newKey } from '../wire/access.ts'
import { encode } from '../wire/codec.ts'
import { date, oneOf, wholeNumber } from './arguments.ts'
import type { Context, Start } from './run.ts'
import { plain, type Style, table } from './text.ts'

interface CreateFlags {
  readonly scope?: Scope
  readonly requestsPerMinute?: number
  readonly expires?: Date
}

export function addKeys(program: Command, start: Start): void {
  const group = program
    .command('keys')
    .summary('create, list and revoke keys of the HTTP service')
    .description(
      'Keys of the HTTP service. Once a key has been created, every request needs one; before that the service listens on ' +
        'loopback alone.',
    )
  group
    .command('create')
    .description('Creates a key and prints it, only this once: the database stores only a hash.')
    .argument('<name>', 'user or purpose of the key')
    .option(
      '--scope <scope>',
      'read: search, ask, view · write: also documents · admin: also models and migrations',
      oneOf('--scope', scopes),
    )
    .option(
      '--requests-per-minute <n>',
      'limit of this key, instead of the service’s',
      wholeNumber('--requests-per-minute', 1, 1_000_000),
    )
    .option('--expires <date>', 'the day it expires, such as 2027-01-31', date('--expires'))
    .addHelpText(
      'after',
      `
Examples:
  $ revector keys create website --scope read
  $ revector keys create nightly-import --scope write --expires 2027-01-31
  $ KEY=$(revector keys create me --scope admin --quiet)`,
    )
    .action((name: string, flags: CreateFlags) => start((context) => create(context, name, flags)))
  group
    .command('list')
    .description(
      'Lists keys, including revoked ones. The keys themselves are not stored and cannot be shown.',
    )
    .action(() => start(list))
  group
    .command('revoke')
    .description('Revokes a key. Running services notice within five seconds.')
    .argument('<key>', 'its id or name')
    .action((idOrName: string) => start((context) => revoke(context, idOrName)))
}

async function create(context: Context, name: string, flags: CreateFlags): Promise<undefined> {
  const { scope, requestsPerMinute, expires } = flags
  if (scope === undefined) {
    throw new RevectorError('INVALID_INPUT', `--scope: expected one of ${scopes.join(', ')}, got nothing.`, {
      hint: 'Choose the lowest that is enough: --scope read for searches and questions.',
      data: { option: '--scope', expected: scopes },
    })
  }
  const made = await context.revector.keys.create({ name, scope, requestsPerMinute, expiresAt: expires })
  context.result(encode(newKey, { ...made.key, key: made.secret }), () => made.secret)
  if (!context.terminal.json) {
    context.terminal.note(
      `The key ${JSON.stringify(name)} (${scope}). Store it now: it is not shown again. Send it as ` +
        '`Authorization: Bearer …`.',
    )
  }
}

async function list(context: Context): Promise<undefined> {
  const keys = await context.revector.keys.list()
  context.result(encode(keyList, { keys }), () => listText(keys, context.terminal.style))
}

function listText(keys: readonly ApiKey[], style: Style): string {
  if (keys.length === 0) return 'No keys. Create one with: revector keys create NAME --scope read'
  const columns = ['ID', 'NAME', 'SCOPE', 'STATE', 'CREATED', 'LAST USED'].map((header) => ({ header }))
  const day = (date: Date | null): string => date?.toISOString().slice(0, 10) ?? '–'
  const rows = keys.map((key) => [
    key.id,
    plain(key.name),
    key.scope,
    stateOf(key),
    day(key.createdAt),
    day(key.lastUsedAt),
  ])
  return table(columns, rows, style)
}

function stateOf({ revokedAt, expiresAt }: ApiKey): string {
  if (revokedAt !== null) return `revoked ${revokedAt.toISOString().slice(0, 10)}`
  if (expiresAt === null) return 'in force'
  return `${expiresAt.getTime() > Date.now() ? 'until' : 'expired'} ${expiresAt.toISOString().slice(0, 10)}`
}

async function revoke(context: Context, idOrName: string): Promise<undefined> {
  const revoked = await context.revector.keys.revoke(idOrName)
  context.result(encode(apiKey, revoked), () => `Revoked ${plain(revoked.name)} (${revoked.id}).`)
}
