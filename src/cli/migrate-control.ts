import { counted } from '../core/counted.ts'
import { errorCatalogue } from '../core/errors.ts'
import { encode } from '../wire/codec.ts'
import type { DatabaseStatus } from '../wire/database.ts'
import { type MigrationStatus, migrationStatus } from '../wire/migration.ts'
import { type GateFlags, type LimitFlags, limits, type VerifyFlags } from './migrate-options.ts'
import { gatesText, stateWords, statusText } from './migration-text.ts'
import type { Context } from './run.ts'
import { bytes } from './text.ts'

type Id = number | undefined

/** For the audit log, if no migration was named. */
const named = (id: Id): string => String(id ?? 'newest')

export async function pause(
  context: Context,
  id: Id,
  { reason }: { readonly reason?: string },
): Promise<undefined> {
  const { migrations } = context.revector
  const status = await context.change('pauseMigration', named(id), () => migrations.pause(id, { reason }))
  show(context, status, 'Workers stop after their current batch. To continue: revector migrate resume')
}

export async function resume(context: Context, id: Id, flags: LimitFlags): Promise<undefined> {
  const { migrations } = context.revector
  const status = await context.change('resumeMigration', named(id), () =>
    migrations.resume(id, limits(flags)),
  )
  show(context, status, 'Waiting workers continue by themselves; to start one: revector worker')
}

export async function cancel(context: Context, id: Id): Promise<undefined> {
  const { migrations } = context.revector
  const before = await migrations.status(id)
  const { sourceModel, targetModel, targetWasEmpty } = before
  const lost = targetWasEmpty
    ? ` and drop the ${counted(before.doneChunks, 'vector')} of ${targetModel}`
    : ` (${targetModel} keeps its vectors)`
  // A migration that has ended is refused below, without asking for confirmation.
  if (!['cut_over', 'retired', 'cancelled'].includes(before.state)) {
    await context.consent(`Cancel the migration from ${sourceModel} to ${targetModel}${lost}?`)
  }
  const { signal } = context.longCall()
  const { bytes: freed, ...status } = await context.change('cancelMigration', String(before.id), () =>
    migrations.cancel(before.id, { signal }),
  )
  show(context, status, `${sourceModel} is not affected. ${bytes(freed)} freed.`, { bytes: freed })
}

/** Measured from the database. If a gate fails, the exit code is 3. */
export async function verify(context: Context, id: Id, flags: VerifyFlags): Promise<number | undefined> {
  const { signal } = context.longCall()
  const status = await context.change('verifyMigration', named(id), () =>
    context.revector.migrations.verify(id, { override: flags.override, recall: flags.recall, signal }),
  )
  const { verification } = status
  const failed = verification?.gates.filter((gate) => gate.required && !gate.passed && !gate.overridden) ?? []
  const passed = verification?.passed === true
  const error = {
    code: 'GATE_FAILED',
    message: `The target is not ready: ${failed.map((gate) => gate.gate).join(', ')} failed.`,
    hint:
      status.error?.hint ?? 'Fix what the gate found, or accept it with --override GATE, which is recorded.',
  }
  const { style } = context.terminal
  context.result({ ...encode(migrationStatus, status), ...(passed ? {} : { error }) }, () =>
    [
      ...(verification === null ? [] : [gatesText(verification, style), '']),
      passed
        ? `${style.green('Verified.')} ${status.state === 'ready' ? 'To switch: revector migrate cutover' : `Nothing to switch: the migration is ${stateWords[status.state]}.`}`
        : `${style.red(error.message)}\n${error.hint}`,
    ].join('\n'),
  )
  return passed ? undefined : errorCatalogue.GATE_FAILED.exit
}

export async function cutOver(context: Context, id: Id, flags: GateFlags): Promise<undefined> {
  const status = await context.change('cutOver', named(id), () =>
    context.revector.migrations.cutOver(id, { override: flags.override }),
  )
  const { sourceModel, targetModel } = status
  show(
    context,
    status,
    `Searches now use ${targetModel}; ${sourceModel} stays in sync.\n` +
      'To go back: revector migrate rollback. When you are sure: revector migrate retire',
  )
}

export async function rollBack(context: Context, id: Id): Promise<undefined> {
  const status = await context.change('rollBack', named(id), () => context.revector.migrations.rollBack(id))
  const { sourceModel, targetModel } = status
  show(context, status, `Searches use ${sourceModel} again; ${targetModel} keeps its vectors.`)
}

export async function retire(
  context: Context,
  id: Id,
  { force }: { readonly force?: boolean },
): Promise<undefined> {
  const { migrations } = context.revector
  const before = await migrations.status(id)
  // If searches don't use the target yet, or the rollback window is not over, it is refused below without
  // asking.
  const isOver = before.rollbackWindowUntil === null || before.rollbackWindowUntil <= new Date()
  if (before.state === 'cut_over' && (isOver || force === true)) {
    await context.consent(
      `Drop all vectors of ${before.sourceModel}? Afterwards ${before.targetModel} can only be replaced by a new migration.`,
    )
  }
  const { adopted } = await context.revector.db.status()
  const { signal } = context.longCall()
  const { bytes: freed, ...status } = await context.change('retire', String(before.id), () =>
    migrations.retire(before.id, { force: force === true, signal }),
  )
  const after = await context.revector.db.status()
  show(
    context,
    status,
    `${status.sourceModel} is dropped: ${bytes(freed)} freed.${leftText(adopted, after.adopted)}`,
    { bytes: freed },
  )
}

/** What the application's old deployment leaves behind once its model is retired. */
function leftText(before: DatabaseStatus['adopted'], after: DatabaseStatus['adopted']): string {
  if (before === null || after === null) return ''
  const [old, next] = [before, after].map(({ schema, table }) => `${schema}.${table}`)
  if (old === next) return ''
  return `\n${next} is the application's table from here on. Nothing follows ${old} any more; when no deployment uses it: drop table ${[before.schema, before.table].map((part) => JSON.stringify(part)).join('.')}`
}

export async function retry(context: Context, id: Id): Promise<undefined> {
  const { chunks, ...status } = await context.change('retryMigration', named(id), () =>
    context.revector.migrations.retry(id),
  )
  const said =
    chunks === 0 ? 'Nothing was in quarantine.' : `${counted(chunks, 'chunk')} will be retried by a worker.`
  show(context, status, said, { chunks })
}

function show(context: Context, status: MigrationStatus, said: string, more: object = {}): void {
  context.result({ ...encode(migrationStatus, status), ...more }, () =>
    [statusText(status, context.terminal.style), '', said].join('\n'),
  )
}
