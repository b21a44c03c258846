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
    .summary('make, list and revoke the keys of the HTTP service')
    .description(
      'Keys of the HTTP service. From the first that is made every request needs one; without one the service listens on ' +
        'loopback alone.',
    )
  group
    .command('create')
    .description('Makes a key and prints it, this once: the database keeps a hash.')
    .argument('<name>', 'who or what it is for')
    .option(
      '--scope <scope>',
      'read: search, ask, look · write: documents too · admin: models and migrations too',
      oneOf('--scope', scopes),
    )
    .option(
      '--requests-per-minute <n>',
      'its own limit, in place of the service’s',
      wholeNumber('--requests-per-minute', 1, 1_000_000),
    )
    .option('--expires <date>', 'the day it ends, such as 2027-01-31', date('--expires'))
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
    .description('Lists keys, revoked ones too. The keys themselves are not stored and cannot be shown.')
    .action(() => start(list))
  group
    .command('revoke')
    .description('Ends a key. Running services notice within five seconds.')
    .argument('<key>', 'its id or name')
    .action((idOrName: string) => start((context) => revoke(context, idOrName)))
}

async function create(context: Context, name: string, flags: CreateFlags): Promise<undefined> {
  const { scope, requestsPerMinute, expires } = flags
  if (scope === undefined) {
    throw new RevectorError('INVALID_INPUT', `--scope: expected one of ${scopes.join(', ')}, got nothing.`, {
      hint: 'Give the least that is enough: --scope read for searches and questions.',
      data: { option: '--scope', expected: scopes },
    })
  }
  const made = await context.revector.keys.create({ name, scope, requestsPerMinute, expiresAt: expires })
  context.result(encode(newKey, { ...made.key, key: made.secret }), () => made.secret)
  if (!context.terminal.json) {
    context.terminal.note(
      `The key ${JSON.stringify(name)} (${scope}). Keep it now: it is not shown again. Requests carry it as ` +
        '`Authorization: Bearer …`.',
    )
  }
}

async function list(context: Context): Promise<undefined> {
  const keys = await context.revector.keys.list()
  context.result(encode(keyList, { keys }), () => listText(keys, context.terminal.style))
}

function listText(keys: readonly ApiKey[], style: Style): string {
  if (keys.length === 0) return 'No keys. Make one with: revector keys create NAME --scope read'
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
  return `${expiresAt.getTime() > Date.now() ? 'until' : 'ended'} ${expiresAt.toISOString().slice(0, 10)}`
}

async function revoke(context: Context, idOrName: string): Promise<undefined> {
  const revoked = await context.revector.keys.revoke(idOrName)
  context.result(encode(apiKey, revoked), () => `Revoked ${plain(revoked.name)} (${revoked.id}).`)
}
