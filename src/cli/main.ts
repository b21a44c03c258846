import { Command, CommanderError } from 'commander'
import { RevectorError } from '../core/errors.ts'
import { createRedactor } from '../logs/redact.ts'
import { addAsk } from './ask.ts'
import { addAudit } from './audit.ts'
import { addCompletion } from './completion.ts'
import { addDb } from './db.ts'
import { addDoctor } from './doctor.ts'
import { addDocuments } from './documents.ts'
import { asRevectorError, exitCodeOf } from './failure.ts'
import { addIngest } from './ingest.ts'
import { addKeys } from './keys.ts'
import { addMcp } from './mcp.ts'
import { addMigrate } from './migrate.ts'
import { addModels } from './models.ts'
import { reportError, runCommand, type Start } from './run.ts'
import { addSearch } from './search.ts'
import { addServe } from './serve.ts'
import { type GlobalFlags, openTerminal } from './terminal.ts'
import { version } from './version.ts'
import { addWorker } from './worker.ts'

/**
 * Runs the command line. Returns the exit code: 0 done, 1 failed, 2 wrong usage, 3 refused, 130 interrupted.
 */
export async function main(argv: readonly string[]): Promise<number> {
  ignoreClosedPipes()
  let code = 0
  let help = ''
  const program = new Command('revector')
  const start: Start = async (work) => {
    const flags = program.opts<GlobalFlags>()
    code = await runCommand(flags, openTerminal(flags), work)
  }
  program
    .description('RAG on PostgreSQL whose embedding model can be changed.')
    .version(version(), '-V, --version', 'print the version')
    .option(
      '--database-url <url>',
      'a PostgreSQL server with pgvector (DATABASE_URL); default: the embedded engine',
    )
    .option('--data-dir <dir>', 'folder of the embedded engine (REVECTOR_DATA_DIR, default ./.revector)')
    .option('--schema <name>', 'schema of everything that Revector makes in the database (REVECTOR_SCHEMA)')
    .option('--config <file>', 'JSON file of options')
    .option('--log-dir <dir>', 'write logs as JSON lines to this folder (REVECTOR_LOG_DIR)')
    .option('--json', 'print exactly one JSON document')
    .option('--quiet', 'nothing on standard error unless the command fails')
    .option('--verbose', 'show details of the work and of errors')
    .option('--yes', 'confirm everything beforehand')
    .option('--no-color', 'no colours (NO_COLOR)')
    .helpOption('-h, --help', 'show help')
    .helpCommand('help [command]', 'show help for a command')
    .configureHelp({ showGlobalOptions: true, helpWidth: Math.min(process.stdout.columns ?? 100, 100) })
    .configureOutput({
      writeOut: (text) => {
        help += text
      },
      // Wrong usage is reported below, in the same style as every other error.
      writeErr: () => {},
    })
    .exitOverride()
    .addHelpText('after', firstSteps)
  for (const add of [
    addIngest,
    addSearch,
    addAsk,
    addDocuments,
    addModels,
    addMigrate,
    addServe,
    addMcp,
    addWorker,
    addDb,
    addDoctor,
    addKeys,
    addAudit,
  ])
    add(program, start)
  await addCompletion(program, argv)

  try {
    await program.parseAsync(argv.length === 0 ? ['--help'] : argv, { from: 'user' })
  } catch (error) {
    code = finish(error, program, argv)
  }
  if (help !== '') process.stdout.write(json(argv) ? JSON.stringify({ help }) : help)
  return code
}

/** Help and version also end the parsing with an error, whose exit code is 0. */
function finish(thrown: unknown, program: Command, argv: readonly string[]): number {
  if (thrown instanceof CommanderError && thrown.exitCode === 0) return 0
  const error =
    thrown instanceof CommanderError && thrown.code === 'commander.help'
      ? missingCommand(program, argv)
      : asRevectorError(thrown)
  const terminal = openTerminal({ json: json(argv), color: !argv.includes('--no-color') })
  reportError(error, terminal, createRedactor())
  return exitCodeOf(error)
}

/** Checked before the arguments could be parsed, because they may be wrong. */
function json(argv: readonly string[]): boolean {
  return argv.slice(0, argv.includes('--') ? argv.indexOf('--') : undefined).includes('--json')
}

function missingCommand(program: Command, argv: readonly string[]): RevectorError {
  const group = program.commands.find((command) => argv.includes(command.name()))
  const name = group === undefined ? 'revector' : `revector ${group.name()}`
  const names = (group ?? program).commands.map((command) => command.name()).join(', ')
  return new RevectorError('INVALID_INPUT', `${name}: expected one of ${names}, got nothing.`, {
    hint: `See ${name} --help.`,
  })
}

/** `revector … | head` closes the pipe early: not an error, and the command still ends in order. */
function ignoreClosedPipes(): void {
  for (const stream of [process.stdout, process.stderr]) {
    if (!stream.listeners('error').includes(tolerateClosedPipe)) stream.on('error', tolerateClosedPipe)
  }
}

function tolerateClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE' && error.code !== 'ERR_STREAM_DESTROYED') throw error
}

const firstSteps = `
First steps:
  $ revector ingest docs/                    read files, folders or globs into ./.revector
  $ revector search "how do I start?"
  $ revector models list                     what could embed them instead
  $ revector migrate run --from A --to B     move to another model while searches go on

Exit codes: 0 done, 1 failed, 2 wrong usage or bad input, 3 refused, 130 interrupted.`
