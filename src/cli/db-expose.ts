import { counted, grouped } from '../core/counted.ts'
import { encode } from '../wire/codec.ts'
import { exportedTable, exposedTable } from '../wire/database.ts'
import type { Context } from './run.ts'

export async function expose(
  context: Context,
  model: string,
  { as }: { readonly as: string },
): Promise<undefined> {
  context.terminal.note(
    `Makes ${as} like the application's table, moves the vectors of ${model} there, and adds triggers by which rows written to one table are in the other; adding them locks out writers for some milliseconds and gives way to long readers. The application's table stays as it is.\n`,
  )
  const exposed = await context.revector.db.expose(model, { as, ...context.longCall() })
  const { schema, table, rows, vectors, triggers, functions } = exposed
  context.result(encode(exposedTable, exposed), () =>
    [
      `${schema}.${table} holds ${counted(rows, 'row')}, ${grouped(vectors)} with their vector of ${exposed.model}.`,
      `Point the next deployment at it, with ${exposed.model}. The old one goes on with its own table: what one writes, the other finds once \`revector worker\` has made the vector.`,
      ...(triggers.length === 0 ? [] : [`Not copied: the application’s triggers ${triggers.join(', ')}.`]),
      ...(functions.length === 0
        ? []
        : [
            'These functions name the old table. For the new one, not created:',
            '',
            ...functions.map((one) => `${one};`),
          ]),
    ].join('\n'),
  )
}

export interface ExportFlags {
  readonly like: string
  readonly as?: string
}

export async function exportTable(context: Context, model: string, flags: ExportFlags): Promise<undefined> {
  const exported = await context.revector.db.export(model, { ...flags, ...context.longCall() })
  const { schema, table, rows } = exported
  context.result(
    encode(exportedTable, exported),
    () =>
      `${schema}.${table} holds ${counted(rows, 'row')} of the application with their vector of ${exported.model}. Nothing follows it from here on.`,
  )
}
