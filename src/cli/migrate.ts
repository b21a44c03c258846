import type { Command } from 'commander'
import { fillShape } from '../wire.ts'
import type { Context, Start } from './run.ts'
import { count, seconds } from './text.ts'

interface Flags {
  readonly from: string
  readonly to: string
}

export function addMigrate(program: Command, start: Start): void {
  const group = program
    .command('migrate')
    .summary('move from one embedding model to another')
    .description('Moves from one embedding model to another.')
  group
    .command('run')
    .description(
      'Embeds with the target what it lacks, then makes it current, while searches go on. ' +
        'Interrupted, it goes on when it is run again. The source keeps its vectors: "models use" goes back.',
    )
    .requiredOption('--from <model>', 'the source: the model that is current')
    .requiredOption('--to <model>', 'the target')
    .action((flags: Flags) => start((context) => run(context, flags)))
}

async function run(context: Context, { from, to }: Flags): Promise<undefined> {
  const call = context.longCall()
  const { ingestion } = context.revector
  const report = await ingestion.migrateToNewModel({ sourceModel: from, targetModel: to, ...call })
  const chunks = report.embedded + report.reused + report.present
  const document = {
    source_model: from,
    target_model: to,
    total_chunks: chunks,
    done_chunks: chunks,
    ...fillShape(report),
  }
  context.result(document, () =>
    [
      `Moved ${count(chunks, 'chunk')} from ${from} to ${to} in ${seconds(report.seconds)}: ` +
        `${report.embedded.toLocaleString('en')} embedded, ${report.reused.toLocaleString('en')} taken from identical text, ` +
        `${report.present.toLocaleString('en')} already there.`,
      `Searches now use ${to}. To go back: revector models use ${from}`,
    ].join('\n'),
  )
}
