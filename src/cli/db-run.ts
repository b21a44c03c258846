import { isRevectorError } from '../core/errors.ts'
import type { DatabaseStatus, RunOptions } from '../revector.ts'
import { askName } from './consent.ts'
import { showStatus } from './db-status.ts'
import type { Context } from './run.ts'
import { count, table } from './text.ts'

export type RunFlags = Pick<
  RunOptions,
  'to' | 'model' | 'chunksTable' | 'chunkTextColumn' | 'documentsTable' | 'titleColumn'
>

export async function run(context: Context, flags: RunFlags): Promise<undefined> {
  const { db } = context.revector
  const before = await db.status()
  const { options, steps } = await planWithModel(context, before, flags)
  if (steps.length > 0) context.terminal.note(planText(context, steps))
  if (before.legacy !== null && before.legacy.rows > 0 && steps.length > 0) {
    const { table: name, rows } = before.legacy
    await context.consent(
      `Take over ${name} with its ${count(rows, 'vector')}? A backup beforehand is advised.`,
    )
  }
  const call = context.longCall()
  const after = await db.run({ ...options, ...call })
  if (steps.length === 0) context.terminal.note('Nothing to do: the schema is where it should be.')
  showStatus(context, after)
}

type Plan = Awaited<ReturnType<Context['revector']['db']['plan']>>

/** Asks which model made the old vectors where nobody said so and someone is there to answer. */
async function planWithModel(
  context: Context,
  before: DatabaseStatus,
  flags: RunFlags,
): Promise<{ readonly options: RunFlags; readonly steps: Plan }> {
  const { db } = context.revector
  try {
    return { options: flags, steps: await db.plan(flags) }
  } catch (error) {
    if (!isRevectorError(error, 'UPGRADE_MODEL_UNKNOWN') || !context.terminal.interactive) throw error
    const { models } = error.data
    const known = Array.isArray(models) ? models.map(String) : []
    const width = before.legacy?.dimension ?? '?'
    const model = await askName(`Which model made the ${width}-dimensional vectors?`, known)
    const options = { ...flags, model }
    return { options, steps: await db.plan(options) }
  }
}

function planText(context: Context, steps: Plan): string {
  const columns = [{ header: 'STEP' }, { header: 'LOCKS' }, { header: 'WHAT IT DOES' }]
  return table(
    columns,
    steps.map(({ step, locks, detail }) => [step, locks === '' ? '–' : locks, detail]),
    context.terminal.noteStyle,
  )
}

export async function rollback(context: Context, flags: { to?: number }): Promise<undefined> {
  const { db } = context.revector
  const before = await db.status()
  const to = flags.to ?? Math.max(0, before.revision - 1)
  if (before.revision > to) {
    await context.consent(`Restore the layout of revision ${to} (now: ${before.revision})?`)
  }
  const call = context.longCall()
  showStatus(context, await db.rollback({ ...flags, ...call }))
}
