import { Argument, type Command } from 'commander'
import { nonEmpty, wholeNumber } from './arguments.ts'
import { cancel, cutOver, pause, resume, retire, retry, rollBack, verify } from './migrate-control.ts'
import { events, quarantine } from './migrate-details.ts'
import {
  type GateFlags,
  type LimitFlags,
  overrideOption,
  type PlanFlags,
  recallOption,
  type StartFlags,
  type VerifyFlags,
  withLimitOptions,
  withPriceOptions,
  withScopeOptions,
} from './migrate-options.ts'
import { plan, run, start } from './migrate-start.ts'
import { list, type StatusFlags, status } from './migrate-status.ts'
import type { Context, Start } from './run.ts'

export function addMigrate(program: Command, begin: Start): void {
  const group = program
    .command('migrate')
    .summary('migrate from one embedding model to another')
    .description(
      'Migrates from one embedding model to another while searches continue: plan, start, work, verify, cut over, and ' +
        'roll back if necessary. Without an ID, commands use the newest migration that is not finished, else the newest.',
    )
  addBeginnings(group, begin)
  addWatching(group, begin)
  addControl(group, begin)
  addEndings(group, begin)
}

/** Absent: the newest that is not finished, else the newest. */
const migrationId = new Argument('[id]').argParser(wholeNumber('ID', 1))

type Action<Flags> = (context: Context, id: number | undefined, flags: Flags) => Promise<number | undefined>

/** A command for one migration. */
function about<Flags>(begin: Start, work: Action<Flags>) {
  return (id: number | undefined, flags: Flags) => begin((context) => work(context, id, flags))
}

function addBeginnings(group: Command, begin: Start): void {
  withPriceOptions(withScopeOptions(group.command('plan')))
    .description(
      'Shows what a migration would take: chunks, tokens, money, time, space. Writes nothing; asks the target for the ' +
        'vectors of a few chunks, so that problems with the target show up here.',
    )
    .action((flags: PlanFlags) => begin((context) => plan(context, flags)))
  withLimitOptions(withScopeOptions(group.command('start')))
    .addOption(recallOption())
    .description(
      'Shows the plan, asks for confirmation, and opens the migration: from then on every write reaches the target too, and workers ' +
        'embed the rest. Run again, it changes the given limits or extends the scope.',
    )
    .action((flags: StartFlags) => begin((context) => start(context, flags)))
  withLimitOptions(withScopeOptions(group.command('run')))
    .addOption(recallOption())
    .description(
      'Everything in one command: embeds what the target lacks, verifies it, then makes it current, while ' +
        'searches continue. If interrupted, it continues when it is run again. The source keeps its vectors: "migrate rollback" goes back.',
    )
    .action((flags: StartFlags) => begin((context) => run(context, flags)))
}

function addWatching(group: Command, begin: Start): void {
  group
    .command('status')
    .description('Shows the progress of a migration, counted in the database.')
    .addArgument(migrationId)
    .option('--watch', 'redraw every second, while the migration moves')
    .action(about<StatusFlags>(begin, status))
  group
    .command('list')
    .description('Lists all migrations, the newest first.')
    .action(() => begin(list))
  group
    .command('events')
    .description('Shows who did what and when, from the first event on.')
    .addArgument(migrationId)
    .option('--after <event>', 'only events after this one', wholeNumber('--after', 0))
    .option('--follow', 'follow new events until the migration ends')
    .action(about(begin, events))
  group
    .command('quarantine')
    .description('Lists the chunks that the target cannot embed, with the reasons.')
    .addArgument(migrationId)
    .option('--limit <n>', 'most chunks to list', wholeNumber('--limit', 1, 1_000), 50)
    .option('--after <chunk>', 'only those after this chunk', nonEmpty('--after'))
    .action(about(begin, quarantine))
}

function addControl(group: Command, begin: Start): void {
  group
    .command('pause')
    .description('Pauses the migration, from anywhere: workers finish their in-flight batches and wait.')
    .addArgument(migrationId)
    .option('--reason <text>', 'why, as shown in the status', nonEmpty('--reason'))
    .action(about(begin, pause))
  withLimitOptions(group.command('resume').addArgument(migrationId))
    .description('Continues where the migration was paused, with the given limits.')
    .action(about<LimitFlags>(begin, resume))
  group
    .command('retry')
    .description('Queues the chunks in quarantine for another attempt.')
    .addArgument(migrationId)
    .action(about(begin, retry))
  group
    .command('cancel')
    .description(
      'Cancels a migration. The source is not affected; the vectors of the target are dropped, if it had none before.',
    )
    .addArgument(migrationId)
    .action(about(begin, cancel))
}

function addEndings(group: Command, begin: Start): void {
  group
    .command('verify')
    .description(
      'Measures in the database whether the target can become current. If a gate fails, the exit code is 3.',
    )
    .addArgument(migrationId)
    .addOption(overrideOption())
    .addOption(recallOption())
    .action(about<VerifyFlags>(begin, verify))
  group
    .command('cutover')
    .description('Makes the target current, in one short transaction. The source stays in sync.')
    .addArgument(migrationId)
    .addOption(overrideOption())
    .action(about<GateFlags>(begin, cutOver))
  group
    .command('rollback')
    .description(
      'Makes the source current again, in one short transaction, with everything written meanwhile.',
    )
    .addArgument(migrationId)
    .action(about(begin, rollBack))
  group
    .command('retire')
    .description('Drops the vectors of the source, once it is no longer needed.')
    .addArgument(migrationId)
    .option('--force', 'even before the rollback window ends')
    .action(about(begin, retire))
}
