import type { Command } from 'commander'
import { counted } from '../core/counted.ts'
import { RevectorError } from '../core/errors.ts'
import { encode } from '../wire/codec.ts'
import { type Aggregation, type Hit, type SearchResult, searchResult } from '../wire/search.ts'
import { date, names, oneOf, wholeNumber } from './arguments.ts'
import {
  addFilter,
  addServe,
  filterOf,
  missingCoverage,
  type PassageFlags,
  placeOf,
  servedInstead,
  serveOrModel,
} from './passage-options.ts'
import type { Context, Start } from './run.ts'
import { snippet } from './snippet.ts'
import type { Terminal } from './terminal.ts'
import { plain, seconds, wrap } from './text.ts'

interface Flags extends PassageFlags {
  readonly models?: readonly string[]
  readonly aggregation?: Aggregation
  readonly topK: number
}

export function addSearch(program: Command, start: Start): void {
  const command = program
    .command('search')
    .summary('find passages')
    .description('Finds the passages nearest to a question.')
    .argument('<query>', 'text to search for')
    .option('--model <name>', 'search with this model; default: the current one')
    .option('--models <a,b>', 'search with several models and fuse the results', names('--models'))
    .option(
      '--aggregation <kind>',
      'with --models: union (found by any model) or intersection (found by all)',
      oneOf('--aggregation', ['union', 'intersection']),
    )
  addServe(command).option(
    '--top-k <n>',
    'number of passages, 1 to 1,000',
    wholeNumber('--top-k', 1, 1_000),
    5,
  )
  addFilter(command, 'in')
    .option('--after <date>', 'only documents created at this time or later', date('--after'))
    .option('--before <date>', 'only documents created before this time', date('--before'))
    .addHelpText(
      'after',
      `
Examples:
  $ revector search "how do I close the pool?"
  $ revector search "timeouts" --where lang=en --after 2026-01-31 --top-k 10
  $ revector search "what is RAG?" --models all-MiniLM-L6-v2,text-embedding-3-large --aggregation union`,
    )
    .action((query: string, flags: Flags) => start((context) => run(context, query, flags)))
}

async function run(context: Context, query: string, flags: Flags): Promise<undefined> {
  const { model, models, aggregation, serve, topK, minScore } = flags
  if (model !== undefined && models !== undefined) throw eitherModel()
  if (serve !== undefined && (model ?? models) !== undefined) throw serveOrModel(serve)
  if (aggregation !== undefined && models === undefined) throw aggregationAlone(aggregation)
  const { signal, onProgress } = context.longCall()
  const request = { query, topK, filter: filterOf(flags), signal, onProgress, minScore, serve }
  const { retriever } = context.revector
  const result =
    models === undefined
      ? await retriever.search({ ...request, modelName: model })
      : await retriever.searchMultiModel({
          ...request,
          modelNames: models,
          aggregation: aggregation ?? 'union',
        })
  context.result(encode(searchResult, result), () => hitsText(result, context.terminal))
  if (context.terminal.json) return
  context.terminal.note(context.terminal.noteStyle.dim(summary(result)))
  if (result.hits.length === 0) await noteEmpty(context)
}

/**
 * If nothing is found because the database is empty, the command was usually run in another folder than the
 * ingest.
 */
async function noteEmpty({ revector, terminal, dataDir }: Context): Promise<void> {
  const { documents } = await revector.documents.list({ limit: 1 })
  if (documents.length > 0) return
  const where = dataDir === null ? 'this database' : dataDir
  terminal.note(`There are no documents in ${where} yet. Add some: revector ingest PATH`)
}

/** Passages for reading: rank, score and place on one line, then the text around the match. */
export function hitsText(result: SearchResult, terminal: Pick<Terminal, 'style' | 'width'>): string {
  const blocks = result.hits.map((hit) => hitText(hit, result, terminal))
  if (blocks.length === 0) blocks.push('Nothing found.')
  return [
    ...blocks,
    ...[...servedInstead(result), ...missingCoverage(result)].map(terminal.style.yellow),
  ].join('\n\n')
}

function hitText(hit: Hit, result: SearchResult, terminal: Pick<Terminal, 'style' | 'width'>): string {
  const { style, width } = terminal
  const rank = String(hit.rank).padStart(String(result.hits.length).length)
  const indent = ' '.repeat(rank.length + 2)
  const [title, source] = placeOf(hit, style)
  const lines = [
    `${style.dim(rank)}  ${style.green(hit.score.toFixed(3))}  ${title}`,
    indent + source,
    ...(result.models.length > 1 ? [indent + style.dim(ranksText(hit))] : []),
    ...wrap(snippet(bodyOf(hit), result.query, 3 * (width - indent.length)), width - indent.length).map(
      (line) => indent + line,
    ),
  ]
  return lines.join('\n')
}

/** The passage without its leading headings, which are in the line above, and without link addresses. */
function bodyOf(hit: Hit): string {
  const body = hit.content.replace(/^(?:\s*#{1,6} .*\n)+/, '').replace(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
  return plain(body) || plain(hit.content)
}

function ranksText(hit: Hit): string {
  return Object.entries(hit.models)
    .map(([model, { rank, distance }]) => `${model} #${rank} at ${distance.toFixed(3)}`)
    .join(' · ')
}

function summary(result: SearchResult): string {
  const how = result.aggregation === null ? '' : ` (${result.aggregation})`
  const found = counted(result.hits.length, 'passage')
  return `\n${found} · ${result.models.join(' + ')}${how} · ${seconds(result.tookMs / 1_000)}`
}

function eitherModel(): RevectorError {
  return new RevectorError('INVALID_INPUT', '--model and --models were both given: expected one of them.', {
    hint: 'Use --model for one model or --models A,B for several.',
  })
}

function aggregationAlone(aggregation: Aggregation): RevectorError {
  return new RevectorError('INVALID_INPUT', `--aggregation ${aggregation} was given without --models.`, {
    hint: 'Choose the models to fuse: --models A,B.',
  })
}
