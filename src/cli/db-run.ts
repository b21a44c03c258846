import { counted } from '../core/counted.ts'
import { isRevectorError } from '../core/errors.ts'
import type { DatabaseStatus, RunOptions } from '../library/revector.ts'
import { askName } from './consent.ts'
import { showStatus } from './db-status.ts'
import type { Context } from './run.ts'
import type { Terminal } from './terminal.ts'
import { bytes, wrap } from './text.ts'

export type RunFlags = Pick<
  RunOptions,
  'to' | 'model' | 'chunksTable' | 'chunkTextColumn' | 'documentsTable' | 'titleColumn'
>

export async function run(context: Context, flags: RunFlags): Promise<undefined> {
  const { db } = context.revector
  // Creates a missing folder, which a status alone does not do: so the engine need not be started twice.
  await db.health()
  const before = await db.status()
  const { options, plan } = await planWithModel(context, before, flags)
  const { steps } = plan
  if (steps.length > 0) context.terminal.note(planText(plan, context.terminal))
  if (before.legacy !== null && before.legacy.rows > 0 && steps.length > 0) {
    const { table: name, rows } = before.legacy
    await context.consent(`Adopt ${name} with its ${counted(rows, 'vector')}? Make a backup first.`)
  }
  const call = context.longCall()
  const after = await db.run({ ...options, ...call })
  if (steps.length === 0) context.terminal.note('Nothing to do: the schema is up to date.')
  showStatus(context, after)
}

type Plan = Awaited<ReturnType<Context['revector']['db']['plan']>>

/** Asks which model made the old vectors, if none was named and standard input is a terminal. */
async function planWithModel(
  context: Context,
  before: DatabaseStatus,
  flags: RunFlags,
): Promise<{ readonly options: RunFlags; readonly plan: Plan }> {
  const { db } = context.revector
  try {
    return { options: flags, plan: await db.plan(flags) }
  } catch (error) {
    if (!isRevectorError(error, 'UPGRADE_MODEL_UNKNOWN') || !context.terminal.interactive) throw error
    const { models } = error.data
    const known = Array.isArray(models) ? models.map(String) : []
    const width = before.legacy?.dimension ?? '?'
    const model = await askName(`Which model made the ${width}-dimensional vectors?`, known)
    const options = { ...flags, model }
    return { options, plan: await db.plan(options) }
  }
}

/** What will be adopted, then each step with its locks. */
export function planText(plan: Plan, terminal: Pick<Terminal, 'noteStyle' | 'width'>): string {
  const { noteStyle: style, width } = terminal
  const { steps, adoption, warnings } = plan
  const lines: string[] = []
  if (adoption !== null) {
    const { table, column, dimension, rows, model, chunks, documents } = adoption
    const made = model === null ? '' : `, made by ${style.bold(model)}`
    const titles = documents.created ? 'no titles' : `titles from ${documents.table}.${documents.titleColumn}`
    lines.push(
      `Adopts ${style.bold(`${table}.${column}`)} vector(${dimension}): ` +
        `${counted(rows, 'row')}, ${bytes(adoption.bytes)}${made}.`,
      `Text from ${chunks.table}.${chunks.textColumn}, ${titles}.`,
      '',
    )
  }
  const indent = '    '
  const paragraph = (text: string) => wrap(text, width - indent.length).map((line) => indent + line)
  steps.forEach(({ step, locks, detail }, i) => {
    lines.push(`${String(i + 1).padStart(2)}  ${style.bold(step)}`, ...paragraph(detail))
    if (locks !== '') lines.push(...paragraph(`locks: ${locks}`).map(style.dim))
  })
  for (const warning of warnings) lines.push(`${style.yellow('warning:')} ${warning}`)
  return `${lines.join('\n')}\n`
}

export async function rollback(context: Context, flags: { to?: number }): Promise<undefined> {
  const { db } = context.revector
  const before = await db.status()
  const to = flags.to ?? (before.revision >= 2 ? 1 : 0)
  if (before.revision > to) {
    await context.consent(`Restore the layout from before the upgrade (revision ${before.revision} → ${to})?`)
  }
  const call = context.longCall()
  const after = await db.rollback({ ...flags, ...call })
  if (before.revision < to) {
    context.terminal.note(
      `Nothing to roll back: the schema is at revision ${before.revision}, below ${to}. To upgrade: revector db run --to ${to}`,
    )
  }
  showStatus(context, after)
}
