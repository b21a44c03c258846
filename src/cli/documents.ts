import type { Command } from 'commander'
import { counted, grouped } from '../core/counted.ts'
import { encode } from '../wire/codec.ts'
import {
  type DocumentSummary,
  documentEmbeddings,
  documentSummary,
  type StoredDocument,
  storedDocument,
} from '../wire/document.ts'
import { fillReport } from '../wire/ingest.ts'
import { wholeNumber } from './arguments.ts'
import type { Context, Start } from './run.ts'
import { facts, percent, plain, seconds, table } from './text.ts'

export function addDocuments(program: Command, start: Start): void {
  const group = program
    .command('documents')
    .summary('list, show and remove documents')
    .description('Lists, shows, embeds and removes documents.')
  group
    .command('list')
    .description('Lists documents, oldest first.')
    .option('--limit <n>', 'number of documents, 1 to 1,000', wholeNumber('--limit', 1, 1_000), 50)
    .option('--after <cursor>', 'continue after this cursor, from the end of the previous list')
    .action((flags: { limit: number; after?: string }) => start((context) => list(context, flags)))
  group
    .command('show')
    .description('Shows a document with its properties and its text.')
    .argument('<id>')
    .action((id: string) => start((context) => show(context, id)))
  group
    .command('embeddings')
    .description('Shows which models have vectors of a document.')
    .argument('<id>')
    .action((id: string) => start((context) => embeddings(context, id)))
  group
    .command('reembed')
    .description('Embeds the chunks of a document that lack a vector in a model.')
    .argument('<id>')
    .requiredOption('--model <name>', 'the model')
    .action((id: string, flags: { model: string }) => start((context) => reembed(context, id, flags.model)))
  group
    .command('remove')
    .description('Removes a document with its chunks and vectors.')
    .argument('<id>')
    .action((id: string) => start((context) => remove(context, id)))
}

async function list(context: Context, flags: { limit: number; after?: string }): Promise<undefined> {
  const { documents, next } = await context.revector.documents.list(flags)
  context.result({ documents: documents.map((one) => encode(documentSummary, one)), next }, () =>
    listText(context, documents),
  )
  if (next !== null && !context.terminal.json) {
    context.terminal.note(context.terminal.noteStyle.dim(`More: add --after ${next}`))
  }
}

function listText(context: Context, documents: readonly DocumentSummary[]): string {
  if (documents.length === 0) return 'No documents.'
  const columns = [
    { header: 'ID' },
    { header: 'TITLE' },
    { header: 'CHUNKS', align: 'right' as const },
    { header: 'CREATED' },
    { header: 'SOURCE' },
  ]
  const rows = documents.map((document) => [
    document.id,
    plain(document.title),
    grouped(document.chunks),
    document.createdAt?.toISOString().slice(0, 10) ?? '',
    plain(document.source ?? ''),
  ])
  return table(columns, rows, context.terminal.style)
}

async function show(context: Context, id: string): Promise<undefined> {
  const document = await context.revector.documents.get(id)
  context.result(encode(storedDocument, document), () => documentText(context, document))
}

function documentText(context: Context, document: StoredDocument): string {
  const { style } = context.terminal
  const known: [string, string][] = [
    ['id', document.id],
    ['source', plain(document.source ?? '–')],
    ['type', document.mediaType ?? '–'],
    ['chunks', grouped(document.chunks)],
    ['created', document.createdAt?.toISOString() ?? '–'],
    ['updated', document.updatedAt?.toISOString() ?? '–'],
    ...Object.entries(document.metadata).map(([key, value]): [string, string] => [
      plain(key),
      plain(typeof value === 'string' ? value : JSON.stringify(value)),
    ]),
  ]
  const text = document.content ?? document.chunkList.map((chunk) => chunk.content).join('\n\n')
  const lines = text
    .split('\n')
    .map((line) => line.replace(/\t/g, '  '))
    .map(unsteered)
  return [style.bold(plain(document.title)), facts(known, style), '', ...lines].join('\n')
}

/** Keeps indentation, which `plain` would fold. */
function unsteered(line: string): string {
  const indent = /^ */.exec(line)?.[0] ?? ''
  return indent + plain(line)
}

async function embeddings(context: Context, id: string): Promise<undefined> {
  const report = await context.revector.documents.embeddings(id)
  context.result(encode(documentEmbeddings, report), () => {
    const columns = [
      { header: 'MODEL' },
      { header: 'DIM', align: 'right' as const },
      { header: 'STATE' },
      { header: 'VECTORS', align: 'right' as const },
      { header: 'COVERAGE', align: 'right' as const },
    ]
    const rows = report.models.map((model) => [
      model.modelName,
      String(model.dimension),
      model.state,
      `${grouped(model.embeddings)} of ${grouped(report.chunks)}`,
      percent(model.coverage),
    ])
    return table(columns, rows, context.terminal.style)
  })
}

async function reembed(context: Context, documentId: string, modelName: string): Promise<undefined> {
  const call = context.longCall()
  const report = await context.change('embedDocument', documentId, () =>
    context.revector.ingestion.updateDocumentEmbeddings({ documentId, modelName, ...call }),
  )
  context.result({ document_id: documentId, ...encode(fillReport, report) }, () =>
    report.embedded + report.reused === 0
      ? `Document ${documentId} already has all its vectors of ${modelName} (${counted(report.present, 'chunk')}).`
      : `Embedded document ${documentId} with ${modelName}: ${counted(report.embedded, 'vector')} made, ` +
        `${grouped(report.reused)} taken from identical text, ` +
        `${grouped(report.present)} already there, in ${seconds(report.seconds)}.`,
  )
}

async function remove(context: Context, id: string): Promise<undefined> {
  await context.change('removeDocument', id, () => context.revector.documents.remove(id))
  context.result({ document_id: id, removed: true }, () => `Removed document ${id}.`)
}
