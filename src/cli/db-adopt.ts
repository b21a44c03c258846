import { counted } from '../core/counted.ts'
import type { AdoptOptions } from '../library/revector.ts'
import { encode } from '../wire/codec.ts'
import { adoptedTable } from '../wire/database.ts'
import type { Context } from './run.ts'

export type AdoptFlags = Omit<AdoptOptions, 'signal' | 'onProgress'>

export async function adopt(context: Context, table: string, flags: AdoptFlags): Promise<undefined> {
  const adopted = await context.revector.db.adopt(table, { ...flags, ...context.longCall() })
  const { schema, table: name, rows, model, verified } = adopted
  context.result(encode(adoptedTable, adopted), () =>
    [
      `${schema}.${name} is searched where it is: ${counted(rows, 'row')} with vectors of ${model}${verified ? '' : ' (unverified)'}.`,
      'The application goes on as before.',
    ].join('\n'),
  )
}
