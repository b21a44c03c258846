import type { Command } from 'commander'
import { counted, grouped } from '../core/counted.ts'
import { errorCatalogue } from '../core/errors.ts'
import { providerNames } from '../core/model.ts'
import type { AddModel, ModelStatus } from '../library/revector.ts'
import { encode } from '../wire/codec.ts'
import { fillReport } from '../wire/ingest.ts'
import { type CalibratedModel, calibratedModel, modelList, modelSpace, removedModel } from '../wire/model.ts'
import { nonEmpty, oneOf, wholeNumber } from './arguments.ts'
import { recallOption } from './migrate-options.ts'
import type { Context, Start } from './run.ts'
import { bytes, percent, type Style, seconds, table } from './text.ts'

type AddFlags = Omit<AddModel, 'modelName'>

export function addModels(program: Command, start: Start): void {
  const group = program
    .command('models')
    .summary('add models, choose the one for searches')
    .description('Manages embedding models: any number, of any dimension.')
  group
    .command('list')
    .description('Lists the registered models, with the share of chunks that each has embedded.')
    .action(() => start(list))
  group
    .command('add')
    .description('Registers a model. A model in the catalogue needs only its name.')
    .argument('<name>', 'name of the model in this database')
    .option('--dimension <d>', 'dimension of its vectors, 1 to 16,000', wholeNumber('--dimension', 1, 16_000))
    .option('--provider <name>', `one of ${providers.join(', ')}`, oneOf('--provider', providers))
    .option('--base-url <url>', 'endpoint of an OpenAI-compatible server')
    .option('--remote-name <name>', 'its name at the provider, if that differs', nonEmpty('--remote-name'))
    .option('--revision <text>', "the provider's revision of the model")
    .option('--document-prefix <text>', 'put before every text')
    .option('--query-prefix <text>', 'put before every question')
    .option(
      '--pooling <kind>',
      'how token vectors are combined: mean or cls',
      oneOf('--pooling', ['mean', 'cls']),
    )
    .option('--normalize', 'scale vectors to length 1')
    .option('--no-normalize', 'use vectors as they are')
    .option(
      '--distance <kind>',
      'cosine, inner_product or l2',
      oneOf('--distance', ['cosine', 'inner_product', 'l2']),
    )
    .addHelpText(
      'after',
      `
Examples:
  $ revector models add text-embedding-3-large
  $ revector models add lexical-hash-384 --dimension 384 --provider lexical-hash
  $ revector models add bge-m3 --dimension 1024 --provider openai-compatible --base-url http://localhost:11434/v1`,
    )
    .action((name: string, flags: AddFlags) => start((context) => add(context, name, flags)))
  group
    .command('use')
    .description('Makes a model current: running processes follow at their next search.')
    .argument('<name>')
    .option('--force', 'even if it has not embedded everything')
    .action((name: string, flags: { force?: boolean }) => start((context) => use(context, name, flags)))
  group
    .command('fill')
    .description(
      'Embeds all chunks that lack a vector in a model. Asks for confirmation; changes nothing else.',
    )
    .argument('<name>')
    .action((name: string) => start((context) => fill(context, name)))
  group
    .command('calibrate')
    .description(
      'Finds the least search effort that reaches a recall, and lets searches use it: after a model has grown, or with ' +
        'another --recall.',
    )
    .argument('<name>')
    .addOption(recallOption())
    .action((name: string, flags: { recall?: number }) => start((context) => calibrate(context, name, flags)))
  group
    .command('remove')
    .description('Removes a model with its vectors. Asks for confirmation if it has any.')
    .argument('<name>')
    .option('--force', 'even while it is being filled: ends an abandoned migration')
    .action((name: string, flags: { force?: boolean }) => start((context) => remove(context, name, flags)))
}

/** `custom` models are provided by a program that calls the library. */
const providers = providerNames.filter((name) => name !== 'custom')

async function list(context: Context): Promise<undefined> {
  const models = await context.revector.models.list()
  context.result(encode(modelList, { models }), () => modelsText(models, context.terminal.style))
}

export function modelsText(models: readonly ModelStatus[], style: Style): string {
  if (models.length === 0) return 'No models. Register the common ones with: revector db setup-models'
  const columns = [
    { header: 'MODEL' },
    { header: 'DIM', align: 'right' as const },
    { header: 'PROVIDER' },
    { header: 'STATE' },
    { header: 'VECTORS', align: 'right' as const },
    { header: 'COVERAGE', align: 'right' as const },
    { header: 'INDEX' },
  ]
  const rows = models.map((model) => [
    model.current ? style.bold(model.modelName) : model.modelName,
    String(model.dimension),
    model.provider,
    model.current ? style.green(model.state) : model.state,
    grouped(model.embeddings),
    model.embeddings === 0 ? '–' : percent(model.coverage),
    indexText(model, style),
  ])
  return table(columns, rows, style)
}

function indexText({ embeddings, index }: ModelStatus, style: Style): string {
  if (index === null || embeddings === 0) return '–'
  return index.valid ? `HNSW ${bytes(index.bytes)}` : style.yellow('HNSW, invalid')
}

async function add(context: Context, modelName: string, flags: AddFlags): Promise<undefined> {
  const { models } = context.revector
  const call = context.longCall()
  const model = await context.change('addModel', modelName, () => models.add({ modelName, ...flags }, call))
  context.result(encode(modelSpace, model), () =>
    [
      `Registered ${model.modelName} (${counted(model.dimension, 'dimension')}, ${model.provider}).`,
      `Embed the existing documents with: revector migrate run --to ${model.modelName}`,
    ].join('\n'),
  )
}

async function use(context: Context, modelName: string, flags: { force?: boolean }): Promise<undefined> {
  const { models } = context.revector
  const { from, to } = await context.change('useModel', modelName, () =>
    models.use(modelName, { force: flags.force === true }),
  )
  context.result({ from, to }, () =>
    from === to ? `${to} is already current.` : `Searches now use ${to} (before: ${from ?? 'none'}).`,
  )
}

async function fill(context: Context, modelName: string): Promise<undefined> {
  const { models } = context.revector
  const { chunks } = await context.revector.db.status()
  const status = (await models.list()).find((model) => model.modelName === modelName)
  // An unknown model, or the target of a migration, is refused below, without asking for confirmation.
  if (status !== undefined && !['filling', 'retired'].includes(status.state) && status.embeddings < chunks) {
    const lacking = counted(chunks - status.embeddings, 'chunk')
    await context.consent(`Embed ${lacking} with ${modelName} (${status.provider})?`)
  }
  const report = await context.change('fillModel', modelName, () =>
    models.fill(modelName, context.longCall()),
  )
  context.result(encode(fillReport, report), () =>
    report.embedded + report.reused === 0
      ? `${modelName} lacks nothing (${counted(report.present, 'vector')}).`
      : `${modelName}: ${counted(report.embedded, 'vector')} made, ${grouped(report.reused)} taken from ` +
        `identical text, ${grouped(report.present)} already there, in ${seconds(report.seconds)}.`,
  )
}

async function calibrate(
  context: Context,
  modelName: string,
  { recall }: { recall?: number },
): Promise<number | undefined> {
  const { signal } = context.longCall()
  const found = await context.change('calibrateModel', modelName, () =>
    context.revector.models.calibrate(modelName, { recall, signal }),
  )
  context.result(encode(calibratedModel, found), () => calibratedText(found))
  return found.reached ? undefined : errorCatalogue.GATE_FAILED.exit
}

function calibratedText({ modelName, vectors, reached, effort }: CalibratedModel): string {
  const corpus = counted(vectors, 'vector')
  if (effort === null) return `${modelName}: searches compare all ${corpus}, and miss nothing.`
  const { efSearch, recall, interval, queries, filteredRecall, wanted } = effort
  const [low = 0, high = 1] = interval
  return [
    `${modelName}: ef_search ${grouped(efSearch)} finds ${percent(recall)} of the ten nearest (${percent(low)} to ${percent(high)}), ` +
      `asked with ${counted(queries, 'chunk')} in place of queries, of ${corpus}.`,
    ...(filteredRecall === null ? [] : [`Behind a filter that leaves a tenth: ${percent(filteredRecall)}.`]),
    ...(reached ? [] : [`No effort reaches ${percent(wanted)}: a denser index would (m, ef_construction).`]),
  ].join('\n')
}

async function remove(context: Context, modelName: string, flags: { force?: boolean }): Promise<undefined> {
  const { models } = context.revector
  const force = flags.force === true
  const status = (await models.list()).find((model) => model.modelName === modelName)
  // An unknown model, or one in use, is refused below, without asking for confirmation.
  const inUse = status?.state === 'current' || (status?.state === 'filling' && !force)
  if (status !== undefined && status.embeddings > 0 && !inUse) {
    await context.consent(
      `Remove ${modelName} and its ${counted(status.embeddings, 'vector')}? To get them back, everything must be embedded again.`,
    )
  }
  const removed = await context.change('removeModel', modelName, () => models.remove(modelName, { force }))
  context.result(
    encode(removedModel, removed),
    () =>
      `Removed ${removed.modelName}: ${counted(removed.embeddings, 'vector')}, ${bytes(removed.bytes)} freed.`,
  )
}
