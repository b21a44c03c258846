import type { Config } from '../config/config.ts'
import { definedOnly } from '../core/defined.ts'
import type { CallOptions } from '../core/progress.ts'
import { givesDimension, knownModel, specFor } from '../embedding/catalogue.ts'
import { adoptTable, releaseTable } from '../models/adopt-table.ts'
import { exportModel } from '../models/export-table.ts'
import { exposeModel } from '../models/expose-table.ts'
import { planAdoption } from '../models/plan-adoption.ts'
import { connectDatabase } from '../postgres/connect.ts'
import type { Database } from '../postgres/database.ts'
import { discoverColumns } from '../schema/attach/discover.ts'
import type { PlaceChoices } from '../schema/attach/expressions.ts'
import type { Exposed, Place } from '../schema/layout.ts'
import { specify } from '../schema/legacy/first-model.ts'
import { freeSchemaName } from '../schema/own-schema.ts'
import type {
  AdoptedTable,
  AdoptionPlan,
  DatabaseStatus,
  DiscoveredColumn,
  ExportedTable,
  ExposedTable,
  ReleasedTable,
} from '../wire/database.ts'
import type { ModelSpec } from '../wire/model.ts'
import { databaseOptions, type Runtime } from './runtime.ts'

export interface AdoptOptions extends CallOptions, PlaceChoices {
  /** The model that made the vectors of the table. */
  readonly model: string
  /** Where it can be asked, if not at its provider's own address. */
  readonly baseUrl?: string
  /** Go on if it can't be asked, or makes other vectors. */
  readonly unverified?: boolean
}

export interface ExportOptions extends CallOptions {
  /** The application's table. */
  readonly like: string
  /** The name of the new table. Default: the application's, with the dimension. */
  readonly as?: string
}

export interface ExposeOptions extends CallOptions {
  /** The name of the new table: `TABLE`, beside the application's, or `SCHEMA.TABLE`. */
  readonly as: string
}

/** The part of `revector.db` that is about tables of applications. */
export interface AdoptionCalls {
  /** Columns of vectors in this database, in every schema. Changes nothing. */
  discover(): Promise<readonly DiscoveredColumn[]>
  /** What adopting would do, and lock. Changes nothing, and asks no model. */
  planAdoption(table: string, options: AdoptOptions): Promise<AdoptionPlan>
  /** Makes an application's table the corpus of a new installation; the table stays as it is. */
  adopt(table: string, options: AdoptOptions): Promise<AdoptedTable>
  /**
   * Makes a table like the application's for the vectors of another model, and keeps the two in step: the application's next
   * deployment uses it. Run again, it goes on where it stopped.
   */
  expose(modelName: string, options: ExposeOptions): Promise<ExposedTable>
  /** Writes a model's vectors once into a new table like the application's. Run again, it goes on where it stopped. */
  export(modelName: string, options: ExportOptions): Promise<ExportedTable>
  /** Takes away everything that adopting has made, and all that was made since: the application's table alone stays. */
  release(options?: CallOptions): Promise<ReleasedTable>
}

export function adoptionCalls(config: Config, runtime: Runtime): AdoptionCalls {
  /** With the schema beside the application's tables as the search path, whether it is there yet or not. */
  async function beside<T>(
    { signal, onProgress }: CallOptions,
    work: (db: Database, schema: string) => Promise<T>,
  ): Promise<T> {
    const schema = config.schema ?? (await freeSchemaName(await runtime.connected()))
    // The embedded engine is open once at a time.
    await runtime.closeDatabase()
    const db = await connectDatabase({ ...databaseOptions(config, onProgress), schema, signal })
    try {
      return await work(db, schema)
    } finally {
      await db.close()
    }
  }

  const specOf = (model: string, dimension: number, baseUrl: string | undefined): ModelSpec =>
    runtime.ownModel(model) ?? specOfName(model, dimension, baseUrl)

  return {
    discover: async () => discoverColumns(await runtime.connected()),
    async planAdoption(table, { model, baseUrl, unverified: _, signal, onProgress, ...choices }) {
      const fits = (dimension: number) => specOf(model, dimension, baseUrl).dimension === dimension
      return beside({ signal, onProgress }, (db) => planAdoption(db, table, choices, fits))
    },
    async adopt(table, { model, baseUrl, unverified = false, signal, onProgress, ...choices }) {
      return beside({ signal, onProgress }, async (db, revectorSchema) => {
        const adopted = await adoptTable(db, {
          table,
          spec: (dimension) => specOf(model, dimension, baseUrl),
          choices,
          unverified,
          open: runtime.openModel,
          signal,
          onProgress,
        })
        return { ...adopted, revectorSchema }
      })
    },
    async expose(modelName, { as, signal, onProgress }) {
      const exposed = await exposeModel(await runtime.connected(), {
        modelName,
        table: as,
        signal,
        onProgress,
      })
      runtime.forget()
      return exposed
    },
    async export(modelName, { like, as, signal, onProgress }) {
      const db = await runtime.connected()
      return exportModel(db, { modelName, like, ...definedOnly({ table: as }), signal, onProgress })
    },
    async release({ signal, onProgress } = {}) {
      const released = await releaseTable(await runtime.connected(), { signal, onProgress })
      runtime.forget()
      return released
    },
  }
}

/** A model that is not in the catalogue is one of an OpenAI-compatible server. */
function specOfName(modelName: string, dimension: number, baseUrl: string | undefined): ModelSpec {
  const address = definedOnly({ baseUrl })
  const known = knownModel(modelName)
  if (known === undefined) return specify({ modelName, ...address }, dimension, null)
  return specFor(modelName, { ...address, ...(givesDimension(known, dimension) && { dimension }) })
}

/** Of an adopted database, for its status. */
export function adoptedOf(
  { vectors, verified = false }: Place,
  exposed: Exposed | undefined,
): DatabaseStatus['adopted'] {
  const { table, column } = vectors
  const named = exposed?.place.table
  return {
    schema: table.schema,
    table: table.name,
    column,
    verified,
    exposed:
      exposed === undefined || named === undefined
        ? null
        : { schema: named.schema, table: named.name, complete: exposed.complete },
  }
}
