import type { Command } from 'commander'
import { nonEmpty, wholeNumber } from './arguments.ts'
import { type AdoptFlags, adopt, release } from './db-adopt.ts'
import { backup, restore } from './db-backup.ts'
import { discover } from './db-discover.ts'
import { type ExportFlags, exportTable, expose } from './db-expose.ts'
import { type RunFlags, rollback, run } from './db-run.ts'
import { init, setupModels, status } from './db-status.ts'
import type { Start } from './run.ts'

export function addDb(program: Command, start: Start): void {
  const group = program
    .command('db')
    .summary('set up, upgrade and back up the database')
    .description('Sets up, upgrades and backs up the database.')
  group
    .command('init')
    .description('Sets up an empty database. On an existing one, says what to do and changes nothing.')
    .action(() => start(init))
  group
    .command('status')
    .description('Shows the state of the database. Changes nothing.')
    .action(() => start(status))
  group
    .command('run')
    .description(
      'Brings the schema to the newest revision, adopting an existing chunk_embeddings. ' +
        'Moves no vectors; can be run again after an interruption.',
    )
    .option('--to <n>', 'stop at this revision', wholeNumber('--to', 1))
    .option('--model <name>', 'the model that made the vectors of the table to adopt')
    .option(
      '--chunks-table <name>',
      'table of the chunks, if no foreign key leads to it',
      nonEmpty('--chunks-table'),
    )
    .option('--chunk-text-column <name>', 'its column with the text', nonEmpty('--chunk-text-column'))
    .option('--documents-table <name>', 'table of the documents', nonEmpty('--documents-table'))
    .option('--title-column <name>', 'its column with the title', nonEmpty('--title-column'))
    .action((flags: RunFlags) => start((context) => run(context, flags)))
  group
    .command('discover')
    .description('Lists the columns of vectors in this database, in every schema. Changes nothing.')
    .action(() => start(discover))
  group
    .command('adopt')
    .description(
      "Searches an application's table where it is: it stays as it is, and so does the application.",
    )
    .argument('<table>', 'the table with the vectors: TABLE or SCHEMA.TABLE')
    .requiredOption('--model <name>', 'the model that made its vectors', nonEmpty('--model'))
    .option(
      '--base-url <url>',
      'where it can be asked, if not at its provider’s own address',
      nonEmpty('--base-url'),
    )
    .option('--id <columns>', 'the columns that name a row, separated by commas', nonEmpty('--id'))
    .option('--texts <table>', 'the table of the texts, if it is another', nonEmpty('--texts'))
    .option(
      '--key <columns>',
      'the columns beside the vectors that hold its key, where no foreign key says so',
      nonEmpty('--key'),
    )
    .option(
      '--document-key <expression>',
      'rows with the same value are one document; default: each row is one',
      nonEmpty('--document-key'),
    )
    .option('--text <expression>', 'the column or SQL expression of the text', nonEmpty('--text'))
    .option('--vector <column>', 'the column of the vectors', nonEmpty('--vector'))
    .option('--metadata <column>', 'the jsonb column of the metadata', nonEmpty('--metadata'))
    .option('--title <expression>', 'the column or SQL expression of the title', nonEmpty('--title'))
    .option('--where <condition>', 'only the rows for which this is true', nonEmpty('--where'))
    .option(
      '--maintain',
      'Revector makes the vectors of that column from now on; default: the application goes on making them',
    )
    .option('--plan', 'only say what it would do and lock')
    .option('--unverified', 'go on without proof that the model made the vectors')
    .action((table: string, flags: AdoptFlags) => start((context) => adopt(context, table, flags)))
  group
    .command('expose')
    .description(
      "Makes a table like the application's for another model's vectors, and keeps both in step: the application's next deployment uses it. Can be run again after an interruption.",
    )
    .argument('<model>', 'the model that the application moves to')
    .requiredOption('--as <table>', 'the new table: TABLE or SCHEMA.TABLE', nonEmpty('--as'))
    .action((model: string, flags: { as: string }) => start((context) => expose(context, model, flags)))
  group
    .command('export')
    .description(
      "Writes a model's vectors once, with the application's columns, into a new table like the application's. Can be run again after an interruption.",
    )
    .argument('<model>', 'the model whose vectors are written')
    .requiredOption('--like <table>', 'the table that was adopted', nonEmpty('--like'))
    .option(
      '--as <table>',
      'the new table (default: the name of the other, with the dimension)',
      nonEmpty('--as'),
    )
    .action((model: string, flags: ExportFlags) => start((context) => exportTable(context, model, flags)))
  group
    .command('release')
    .description("Leaves an adopted table to its application: drops Revector's own schema.")
    .action(() => start(release))
  group
    .command('setup-models')
    .description('Registers the common hosted models and the local ones.')
    .action(() => start(setupModels))
  group
    .command('rollback')
    .description('Restores the layout from before the upgrade, while only the first model has vectors.')
    .option('--to <n>', 'back to this revision', wholeNumber('--to', 0))
    .action((flags: { to?: number }) => start((context) => rollback(context, flags)))
  group
    .command('backup')
    .description('Backs up everything to a file; on a server with --schema, that schema.')
    .argument('<file>')
    .option('--overwrite', 'overwrite an existing file')
    .action((file: string, flags: { overwrite?: boolean }) =>
      start((context) => backup(context, file, flags)),
    )
  group
    .command('restore')
    .description(
      'Restores a backup: everything in the database, or the schema that was backed up. Asks for confirmation if the database is not empty.',
    )
    .argument('<file>')
    .action((file: string) => start((context) => restore(context, file)))
}
