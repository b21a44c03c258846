import type { Command } from 'commander'
import { counted } from '../core/counted.ts'
import { errorCatalogue } from '../core/errors.ts'
import { encode } from '../wire/codec.ts'
import { type IngestReport, ingestReport } from '../wire/ingest.ts'
import { keyValue, repeated } from './arguments.ts'
import type { Context, Start } from './run.ts'
import { plain, seconds, table } from './text.ts'

interface Flags {
  readonly model?: string
  readonly metadata?: readonly (readonly [string, unknown])[]
}

export function addIngest(program: Command, start: Start): void {
  program
    .command('ingest')
    .summary('ingest files, folders or globs')
    .description(
      'Reads text, Markdown, HTML, PDF and Word files. Skips unchanged documents and replaces changed ones. ' +
        'A file that cannot be read is reported and does not stop the rest; the exit code is then 1.',
    )
    .argument('<path...>', 'files, folders, globs; - reads standard input')
    .option('--model <name>', 'embed with this model only; default: with every written model')
    .option(
      '--metadata <key=value>',
      'metadata of every document (repeatable)',
      repeated(keyValue('--metadata')),
    )
    .action((paths: string[], flags: Flags) => start((context) => run(context, paths, flags)))
}

async function run(context: Context, paths: readonly string[], flags: Flags): Promise<number> {
  const call = context.longCall()
  const report = await context.change('addDocuments', paths.join(' '), () =>
    context.revector.ingestion.ingestPaths({
      paths,
      model: flags.model,
      metadata: flags.metadata && Object.fromEntries(flags.metadata),
      ...call,
    }),
  )
  const failed = report.failed.length
  const message = `${counted(failed, 'file')} could not be ingested; the others were.`
  const error = { code: 'DOCUMENTS_FAILED', message, hint: 'See "failed" for each file and its reason.' }
  const document = encode(ingestReport, report)
  context.result(failed === 0 ? document : { ...document, error }, () => reportText(report))
  if (failed === 0) return 0
  if (!context.terminal.json) context.terminal.complain(failuresText(context, report))
  return errorCatalogue.DOCUMENTS_FAILED.exit
}

export function reportText(report: IngestReport): string {
  const models = report.models.length === 0 ? '' : ` with ${report.models.join(', ')}`
  const lines = [
    `Ingested ${counted(report.documents, 'document')} (${counted(report.chunks, 'chunk')})${models} ` +
      `in ${seconds(report.seconds)}.`,
  ]
  if (report.unchanged > 0) lines.push(`${counted(report.unchanged, 'document')} unchanged.`)
  if (report.skipped > 0) {
    lines.push(
      `${counted(report.skipped, 'file')} skipped: by their names not text, Markdown, HTML, PDF or Word.`,
    )
  }
  if (report.documents + report.unchanged + report.skipped + report.failed.length === 0) {
    lines.push('No files were found there.')
  }
  for (const [model, vectors] of Object.entries(report.pending)) {
    if (vectors > 0) lines.push(`${model} still lacks ${counted(vectors, 'vector')}.`)
  }
  return lines.join('\n')
}

function failuresText(context: Context, report: IngestReport): string {
  const style = context.terminal.noteStyle
  const columns = [{ header: 'FILE' }, { header: 'CODE' }, { header: 'REASON' }]
  const rows = report.failed.map(({ path, code, message }) => [
    plain(path),
    style.yellow(code),
    plain(message),
  ])
  const heading = `${style.red('error:')} ${counted(report.failed.length, 'file')} could not be ingested:`
  return `${heading}\n${table(columns, rows, style)}`
}
