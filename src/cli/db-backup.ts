import { counted, grouped } from '../core/counted.ts'
import { encode } from '../wire/codec.ts'
import { type BackupReport, backupReport, restoreReport } from '../wire/database.ts'
import type { Context } from './run.ts'
import { bytes, seconds, table } from './text.ts'

export async function backup(
  context: Context,
  file: string,
  flags: { readonly overwrite?: boolean },
): Promise<undefined> {
  const call = context.longCall()
  const report = await context.revector.db.backup(file, { overwrite: flags.overwrite === true, ...call })
  context.result(encode(backupReport, report), () => reportText(context, report, 'Wrote'))
}

export async function restore(context: Context, file: string): Promise<undefined> {
  const { db } = context.revector
  const { revision, documents, chunks, legacy } = await db.status()
  const rows = chunks + (legacy?.rows ?? 0)
  const occupied = revision > 0 || legacy !== null
  if (documents > 0 || rows > 0) {
    await context.consent(
      `Replace the contents of the database (${counted(documents, 'document')}, ${counted(rows, 'chunk')}) with the backup?`,
    )
  }
  const call = context.longCall()
  const report = await db.restore(file, { force: occupied, ...call })
  context.result(encode(restoreReport, report), () => reportText(context, report, 'Restored'))
}

function reportText(context: Context, report: BackupReport, verb: string): string {
  const columns = [{ header: 'TABLE' }, { header: 'ROWS', align: 'right' as const }, { header: 'CHECKSUM' }]
  const rows = report.tables.map((each) => [each.name, grouped(each.rows), each.checksum.slice(0, 16)])
  return [
    `${verb} ${report.file} (${bytes(report.bytes)}) in ${seconds(report.seconds)}.`,
    ...(rows.length === 0 ? [] : [table(columns, rows, context.terminal.style)]),
  ].join('\n')
}
