import type { Command } from 'commander'
import { nonEmpty, wholeNumber } from './arguments.ts'
import { cancel, cutOver, pause, resume, retire, retry, rollBack, verify } from './migrate-control.ts'
import { events, quarantine } from './migrate-details.ts'
import {
  type GateFlags,
  type LimitFlags,
  overrideOption,
  type PlanFlags,
  type StartFlags,
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
    .summary('move from one embedding model to another')
    .description(
      'Moves from one embedding model to another while searches go on: plan, start, work, verify, cut over, and ' +
        'back if need be. Without an ID the newest migration that is not finished is meant, else the newest.',
    )
  addBeginnings(group, begin)
  addWatching(group, begin)
  addControl(group, begin)
  addEndings(group, begin)
}

type Action<Flags> = (context: Context, id: string | undefined, flags: Flags) => Promise<number | undefined>

/** A command about one migration. */
function about<Flags>(begin: Start, work: Action<Flags>) {
  return (id: string | undefined, flags: Flags) => begin((context) => work(context, id, flags))
}

function addBeginnings(group: Command, begin: Start): void {
  withPriceOptions(withScopeOptions(group.command('plan')))
    .description(
      'Says what a move would take: chunks, tokens, money, time, space. Writes nothing; asks the target for the ' +
        'vectors of a few chunks, so that one that does not answer as it should is noticed here.',
    )
    .action((flags: PlanFlags) => begin((context) => plan(context, flags)))
  withLimitOptions(withScopeOptions(group.command('start')))
    .description(
      'Shows the plan, asks, and opens the migration: from then on every write reaches the target too, and workers ' +
        'embed the rest. Again: changes the limits that are given, widens what is moved.',
    )
    .action((flags: StartFlags) => begin((context) => start(context, flags)))
  withLimitOptions(withScopeOptions(group.command('run')))
    .description(
      'The whole of it in one command: embeds with the target what it lacks, verifies it, then makes it current, while ' +
        'searches go on. Interrupted, it goes on when it is run again. The source keeps its vectors: "migrate rollback" goes back.',
    )
    .action((flags: StartFlags) => begin((context) => run(context, flags)))
}

function addWatching(group: Command, begin: Start): void {
  group
    .command('status')
    .description('Says how far a migration is, counted in the database.')
    .argument('[id]')
    .option('--watch', 'draw it anew every second, as long as something moves')
    .action(about<StatusFlags>(begin, status))
  group
    .command('list')
    .description('Lists all migrations, the newest first.')
    .action(() => begin(list))
  group
    .command('events')
    .description('Says who did what, when, from the first event on.')
    .argument('[id]')
    .option('--after <event>', 'only what came after this event', nonEmpty('--after'))
    .option('--follow', 'go on with what happens, until the migration ends')
    .action(about(begin, events))
  group
    .command('quarantine')
    .description('Lists the chunks that the target cannot embed, with the reasons.')
    .argument('[id]')
    .option('--limit <n>', 'how many at most', wholeNumber('--limit', 1, 1_000), 50)
    .option('--after <chunk>', 'only those after this chunk', nonEmpty('--after'))
    .action(about(begin, quarantine))
}

function addControl(group: Command, begin: Start): void {
  group
    .command('pause')
    .description('Stops the work, from anywhere: workers finish the batch in hand and wait.')
    .argument('[id]')
    .option('--reason <text>', 'why, as shown in the status', nonEmpty('--reason'))
    .action(about(begin, pause))
  withLimitOptions(group.command('resume').argument('[id]'))
    .description('Goes on where the pause began, with the limits that are given.')
    .action(about<LimitFlags>(begin, resume))
  group
    .command('retry')
    .description('Puts the chunks of the quarantine back among those to embed.')
    .argument('[id]')
    .action(about(begin, retry))
  group
    .command('cancel')
    .description(
      'Gives a migration up. The source is untouched; what the target got is dropped, if it was empty before.',
    )
    .argument('[id]')
    .action(about(begin, cancel))
}

function addEndings(group: Command, begin: Start): void {
  group
    .command('verify')
    .description(
      'Measures from the database whether the target can become current. A gate that fails: exit code 3.',
    )
    .argument('[id]')
    .addOption(overrideOption())
    .action(about<GateFlags>(begin, verify))
  group
    .command('cutover')
    .description('Makes the target current, in one short transaction. The source goes on being written.')
    .argument('[id]')
    .addOption(overrideOption())
    .action(about<GateFlags>(begin, cutOver))
  group
    .command('rollback')
    .description(
      'Makes the source current again, in one short transaction, with all that was written meanwhile.',
    )
    .argument('[id]')
    .action(about(begin, rollBack))
  group
    .command('retire')
    .description('Drops the vectors of the source, once it is not needed any more.')
    .argument('[id]')
    .option('--force', 'also before the rollback window is over')
    .action(about(begin, retire))
}
