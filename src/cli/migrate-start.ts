import { counted, dollars, grouped } from '../core/counted.ts'
import { encode } from '../wire/codec.ts'
import { type MigrationStatus, migrationStatus } from '../wire/migration.ts'
import { type MigrationPlan, migrationPlan } from '../wire/migration-plan.ts'
import { gates, limits, type PlanFlags, planRequest, type StartFlags } from './migrate-options.ts'
import { planText, statusText } from './migration-text.ts'
import type { Context } from './run.ts'
import { seconds } from './text.ts'

export async function plan(context: Context, flags: PlanFlags): Promise<undefined> {
  const found = await planned(context, flags)
  context.result(encode(migrationPlan, found), () => planText(found, context.terminal.style))
}

/** Shows the plan and asks for confirmation. This command embeds nothing but the plan's probes. */
export async function start(context: Context, flags: StartFlags): Promise<undefined> {
  const agreed = await agree(context, flags)
  const { migrations } = context.revector
  const status = await context.change('startMigration', agreed.targetModel, () =>
    migrations.start({ ...planRequest(flags), ...limits(flags), ...gates(flags), plan: agreed }),
  )
  const { style } = context.terminal
  context.result(encode(migrationStatus, status), () =>
    [
      statusText(status, style),
      '',
      `${style.bold('Next:')} revector worker (any number of them), revector migrate status --watch`,
    ].join('\n'),
  )
}

function planned(context: Context, flags: PlanFlags): Promise<MigrationPlan> {
  const { signal } = context.longCall()
  return context.revector.migrations.plan({ ...planRequest(flags), signal })
}

/** @throws RevectorError CONSENT_MISSING */
async function agree(context: Context, flags: StartFlags): Promise<MigrationPlan> {
  const found = await planned(context, flags)
  context.terminal.note(`${planText(found, context.terminal.noteStyle)}\n`)
  const { costUsdEstimate: costUsd, missingChunks, sourceModel, targetModel } = found
  const price =
    costUsd === 0
      ? 'at no cost'
      : costUsd === null
        ? 'at a cost that is not known'
        : `for about ${dollars(costUsd)}`
  await context.consent(
    `Migrate ${counted(missingChunks, 'chunk')} from ${sourceModel} to ${targetModel}, ${price}?`,
  )
  return found
}

/** Start, fill, verify and cut over. Asks only at a terminal: scripts have always started at once. */
export async function run(context: Context, flags: StartFlags): Promise<undefined> {
  const agreed = context.terminal.interactive ? { plan: await agree(context, flags) } : {}
  const { migrations } = context.revector
  const began = performance.now()
  const request = planRequest(flags)
  const status = await context.change('runMigration', request.targetModel, () =>
    migrations.run({ ...request, ...limits(flags), ...gates(flags), ...agreed, ...context.longCall() }),
  )
  const took = (performance.now() - began) / 1_000
  const present = Math.max(0, status.doneChunks - status.embedded - status.reused)
  const document = {
    ...encode(migrationStatus, status),
    model_name: status.targetModel,
    present,
    seconds: took,
  }
  context.result(document, () => runText(status, { present, took }))
}

function runText(
  status: MigrationStatus,
  { present, took }: { readonly present: number; readonly took: number },
): string {
  const { sourceModel, targetModel, doneChunks, embedded, reused, state } = status
  const moved =
    `Migrated ${counted(doneChunks, 'chunk')} from ${sourceModel} to ${targetModel} in ${seconds(took)}: ` +
    `${grouped(embedded)} embedded, ${grouped(reused)} taken from identical text, ` +
    `${grouped(present)} already there.`
  const next =
    state === 'cut_over'
      ? `Searches now use ${targetModel}. To go back: revector migrate rollback`
      : `Searches still use ${sourceModel}: only a part was migrated. To migrate the rest, run the command again without that limit.`
  return [moved, next].join('\n')
}
