import type { Command } from 'commander'
import { counted, grouped } from '../core/counted.ts'
import { errorCatalogue } from '../core/errors.ts'
import { encode } from '../wire/codec.ts'
import { type WorkReport, workReport } from '../wire/migration.ts'
import { wholeNumber } from './arguments.ts'
import { type BuildFlags, buildLimits, withBuildOptions } from './migrate-options.ts'
import type { Context, Start } from './run.ts'

interface Flags extends BuildFlags {
  readonly once?: boolean
  readonly migration?: number
  readonly concurrency?: number
}

export function addWorker(program: Command, start: Start): void {
  withBuildOptions(program.command('worker'))
    .summary('run a worker for model migrations')
    .description(
      'Embeds, indexes and verifies for model migrations, and embeds pending chunks. Any number of ' +
        'workers share the work, on any number of machines; a worker may be killed at any time.',
    )
    .option('--once', 'exit when nothing is left to do; default: wait for more')
    .option('--migration <id>', 'only for this migration', wholeNumber('--migration', 1))
    .option(
      '--concurrency <n>',
      'batches in flight at once; default: what the model allows',
      wholeNumber('--concurrency', 1, 100),
    )
    .action((flags: Flags) => start((context) => run(context, flags)))
}

async function run(context: Context, flags: Flags): Promise<number | undefined> {
  const { once, migration, concurrency } = flags
  // When the line below appears, the database is open. Until then a signal ends this at once.
  // Sets up an empty database, but creates no schema, as `db init` does.
  await context.revector.db.getSupportedDimensions()
  const { signal, onProgress } = context.longCall()
  if (once !== true) context.terminal.note('Waiting for work. Press Ctrl-C to stop after the current batch.')
  const report = await context.revector.migrations.work({
    signal,
    onProgress,
    ...(once === true ? { once } : {}),
    migrationId: migration,
    concurrency,
    ...buildLimits(flags),
  })
  context.result(encode(workReport, report), () => reportText(report))
  if (once === true && report.embedded + report.reused === 0) await notePaused(context)
  return signal.aborted ? errorCatalogue.INTERRUPTED.exit : undefined
}

/** Says why nothing was done. */
async function notePaused({ revector, terminal }: Context): Promise<void> {
  const paused = (await revector.migrations.list()).filter(({ state }) => state === 'paused')
  for (const { id } of paused) {
    terminal.note(
      `Migration ${id} is paused: revector migrate status ${id} says why, revector migrate resume ${id} continues.`,
    )
  }
}

function reportText({ embedded, reused, quarantined, pending, tokens }: WorkReport): string {
  const parts = [
    `${counted(embedded, 'vector')} made`,
    ...(reused === 0 ? [] : [`${grouped(reused)} taken from identical text`]),
    ...(quarantined === 0 ? [] : [`${counted(quarantined, 'chunk')} put in quarantine`]),
    ...(pending === 0 ? [] : [`${grouped(pending)} that were pending`]),
    counted(tokens, 'token'),
  ]
  return `Done: ${parts.join(', ')}.`
}
