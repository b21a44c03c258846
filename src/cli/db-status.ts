import { relative } from 'node:path'
import { counted, grouped } from '../core/counted.ts'
import type { DatabaseStatus } from '../library/revector.ts'
import { encode } from '../wire/codec.ts'
import { databaseStatus } from '../wire/database.ts'
import { modelList } from '../wire/model.ts'
import { modelsText } from './models.ts'
import type { Context } from './run.ts'
import { facts, type Style } from './text.ts'

export async function status(context: Context): Promise<undefined> {
  showStatus(context, await context.revector.db.status())
}

/** As in the guide: on a database that needs the upgrade, this only says so. */
export async function init(context: Context): Promise<undefined> {
  const { db } = context.revector
  // Creates a missing folder, which a status alone does not do: so the engine need not be started twice.
  await db.health()
  const before = await db.status()
  const needsUpgrade =
    before.legacy !== null || (before.revision > 0 && before.revision < before.latestRevision)
  if (needsUpgrade) return showStatus(context, before)
  await db.initialize(context.longCall())
  showStatus(context, await db.status())
}

export async function setupModels(context: Context): Promise<undefined> {
  const models = await context.change('setupModels', '', () =>
    context.revector.db.setupModels(context.longCall()),
  )
  context.result(encode(modelList, { models }), () => modelsText(models, context.terminal.style))
}

export function showStatus(context: Context, found: DatabaseStatus): undefined {
  const { style } = context.terminal
  context.result(encode(databaseStatus, found), () =>
    [
      statusText(found, context.dataDir, style),
      ...(found.models.length === 0 ? [] : ['', modelsText(found.models, style)]),
      ...nextStep(found, style),
    ].join('\n'),
  )
}

function statusText(found: DatabaseStatus, dataDir: string | null, style: Style): string {
  const versions = `PostgreSQL ${found.serverVersion}, pgvector ${found.pgvectorVersion}`
  const lines: [string, string][] = [
    ['engine', found.engine === 'embedded' ? `embedded ${versions}` : versions],
    ...(dataDir === null ? [] : [['folder', relative(process.cwd(), dataDir) || '.'] as [string, string]]),
    ['schema', revisionText(found)],
    ['dimensions', found.dimensions.length === 0 ? '–' : found.dimensions.join(', ')],
    ['documents', `${grouped(found.documents)} (${counted(found.chunks, 'chunk')})`],
  ]
  if (found.adopted !== null) {
    const { schema, table, column, verified } = found.adopted
    lines.push(['adopted', `${schema}.${table}.${column}${verified ? '' : ' (its model is unverified)'}`])
    const { exposed } = found.adopted
    if (exposed !== null) {
      const { complete } = exposed
      lines.push([
        'exposed',
        `${exposed.schema}.${exposed.table}${complete ? '' : ' (not complete: run db expose again)'}`,
      ])
    }
  }
  if (found.legacy !== null) {
    const { table, column, dimension, rows } = found.legacy
    lines.push([
      'to adopt',
      `${table}.${column} vector${dimension === null ? '' : `(${dimension})`}, ${counted(rows, 'row')}`,
    ])
  }
  return facts(lines, style)
}

function revisionText({ revision, latestRevision }: DatabaseStatus): string {
  if (revision === 0) return `not set up (newest revision: ${latestRevision})`
  return `revision ${revision} of ${latestRevision}`
}

function nextStep(found: DatabaseStatus, style: Style): readonly string[] {
  if (found.legacy !== null) {
    const model = found.legacy.dimension === 1536 ? '' : ' --model NAME'
    return [
      '',
      `${style.bold('Next:')} make a backup (revector db backup FILE), then run revector db run${model}`,
    ]
  }
  if (found.revision === 0) return ['', `${style.bold('Next:')} revector db init`]
  if (found.revision < found.latestRevision) return ['', `${style.bold('Next:')} revector db run`]
  return []
}
