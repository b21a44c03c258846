import { counted } from '../core/counted.ts'
import type { AdoptOptions } from '../library/revector.ts'
import { encode } from '../wire/codec.ts'
import { type AdoptionPlan, adoptedTable, adoptionPlan, releasedTable } from '../wire/database.ts'
import type { Context } from './run.ts'

export type AdoptFlags = Omit<AdoptOptions, 'signal' | 'onProgress'> & { readonly plan?: boolean }

export async function adopt(context: Context, table: string, flags: AdoptFlags): Promise<undefined> {
  const { plan: onlyPlan, ...options } = flags
  const plan = await context.revector.db.planAdoption(table, options)
  if (onlyPlan === true) {
    context.result(encode(adoptionPlan, plan), () => planText(plan))
    return
  }
  context.terminal.note(`${planText(plan)}\n`)
  const adopted = await context.revector.db.adopt(table, { ...options, ...context.longCall() })
  const { schema, table: name, rows, model, verified, revectorSchema } = adopted
  context.result(encode(adoptedTable, adopted), () =>
    [
      `${schema}.${name} is searched ${adopted.mode === 'copy' ? 'in a copy of its vectors' : 'where it is'}: ${counted(rows, 'row')} with vectors of ${model}${verified ? '' : ' (unverified)'}.`,
      `The application goes on as before. Revector's own tables are in the schema ${revectorSchema}: set REVECTOR_SCHEMA=${revectorSchema}.`,
    ].join('\n'),
  )
}

function planText(plan: AdoptionPlan): string {
  const { schema, table, column, dimension, texts, text, id, rows, vectors, copied } = plan
  const where =
    copied > 0 ? `in a copy of ${counted(copied, 'vector')}, which triggers keep in step` : 'where they are'
  return [
    `Searches the vectors of ${dimension} dimensions in ${schema}.${table}.${column} ${where}: ${counted(vectors, 'vector')} of ${counted(rows, 'row')}.`,
    `Texts: ${text} of ${texts}, each row named by ${id}${plan.documentKey === null ? '' : `; rows with the same ${plan.documentKey} are one document`}.`,
    plan.maintained
      ? 'Vectors: Revector makes them where rows lack them or texts change, and writes nothing else of a row.'
      : 'Vectors: the application goes on making them.',
    `Locks: ${plan.locks.map((lock) => `${lock.table} in ${lock.mode} mode`).join(', ')}, for some milliseconds, while triggers are created: writers wait, readers don't; gives way to long writers.`,
    `Everything else goes into a schema of Revector's own${plan.sideTable ? ', with a table that leads from ids to rows' : ''}.`,
  ].join('\n')
}

export async function release(context: Context): Promise<undefined> {
  await context.consent(
    'Release the table? What Revector has made is dropped, with the vectors of every other model; the application’s table stays.',
  )
  const { adopted } = await context.revector.db.status()
  const released = await context.revector.db.release(context.longCall())
  context.result(encode(releasedTable, released), () =>
    [
      `${released.schema}.${released.table} is the application’s alone again.`,
      ...(adopted?.exposed == null
        ? []
        : [
            `So is ${adopted.exposed.schema}.${adopted.exposed.table}, which is no longer kept in step with it. It takes its numbers from sequences of the other, as long as that is there.`,
          ]),
    ].join('\n'),
  )
}
