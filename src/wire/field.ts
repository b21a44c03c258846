import * as z from 'zod'

/** A list in a reply: read-only. */
export function list<Item extends z.ZodType>(item: Item) {
  return z.array(item).readonly()
}

/** A name or id in a path or a query. */
export const name = z.string().min(1).max(500)
export const id = z.string().min(1).max(200).describe('Opaque.')
export const modelName = name.describe('Name of a registered model.')
export const metadata = z
  .record(z.string(), z.unknown())
  .describe('A JSON object of your own, which searches can filter by.')
