import { counted } from '../core/counted.ts'
import type { AdoptOptions } from '../library/revector.ts'
import { encode } from '../wire/codec.ts'
import { adoptedTable, releasedTable } from '../wire/database.ts'
import type { Context } from './run.ts'

export type AdoptFlags = Omit<AdoptOptions, 'signal' | 'onProgress'>

export async function adopt(context: Context, table: string, flags: AdoptFlags): Promise<undefined> {
  context.terminal.note(
    `Reads ${table} where it is. Four triggers on it will note what its application writes; adding them locks out writers for some milliseconds and gives way to long readers. Everything else goes into a schema of Revector's own.\n`,
  )
  const adopted = await context.revector.db.adopt(table, { ...flags, ...context.longCall() })
  const { schema, table: name, rows, model, verified, revectorSchema } = adopted
  context.result(encode(adoptedTable, adopted), () =>
    [
      `${schema}.${name} is searched where it is: ${counted(rows, 'row')} with vectors of ${model}${verified ? '' : ' (unverified)'}.`,
      `The application goes on as before. Revector's own tables are in the schema ${revectorSchema}: set REVECTOR_SCHEMA=${revectorSchema}.`,
    ].join('\n'),
  )
}

export async function release(context: Context): Promise<undefined> {
  await context.consent(
    'Release the table? What Revector has made is dropped, with the vectors of every other model; the application’s table stays.',
  )
  const released = await context.revector.db.release(context.longCall())
  context.result(
    encode(releasedTable, released),
    () => `${released.schema}.${released.table} is the application’s alone again.`,
  )
}
