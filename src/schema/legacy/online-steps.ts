import { sqlstateOf } from '../../postgres/errors.ts'
import { ident, raw, type Sql, sql } from '../../postgres/sql.ts'
import { constraintState, relationExists } from '../catalog.ts'
import { registryTables } from '../fresh.ts'
import { buildHnswIndexOn } from '../hnsw-build.ts'
import { buildIndex, dropIndex } from '../index-build.ts'
import { keepPrivate } from '../keep-private.ts'
import { type TableName, tableOf } from '../layout.ts'
import { script } from '../scripts.ts'
import { checkUnique } from './check-rows.ts'
import { type AdoptionRun, instant, none, type Step, shortly } from './context.ts'
import { columnsByTable, defaults } from './owner-steps.ts'
import { type AdoptedHnswIndex, type Adoption, adoptionNames } from './record.ts'
import { spoken } from './table-facts.ts'

/** In order; in reverse for a rollback. The swap comes after the last. */
export function onlineSteps(adoption: Adoption): Step[] {
  return [
    registry(),
    ...(adoption.createsDocuments ? [documents(adoption)] : []),
    ...columnsByTable(adoption),
    ...(adoption.defaults.length > 0 ? [defaults(adoption)] : []),
    ...(adoption.indexes.length > 0 ? [indexes(adoption)] : []),
    unique(adoption),
    ...checks(adoption),
    adoption.adoptedHnswIndex === null ? hnswIndex(adoption) : adopted(adoption, adoption.adoptedHnswIndex),
    statistics(adoption),
  ]
}

function registry(): Step {
  return {
    name: 'registry',
    does: 'creates embedding_models and revector_layout',
    undoes: 'drops embedding_models and revector_layout',
    locks: none,
    growsWithRows: false,
    apply: (context) =>
      shortly(context, async (tx) => {
        const { schema } = context.adoption.table
        if (await relationExists(tx, { schema, name: 'embedding_models' })) return
        await tx.query(script('0002_registry.sql'))
        await keepPrivate(
          tx,
          registryTables.map((name) => ({ schema, name })),
        )
      }),
    undo: (context) =>
      shortly(context, async (tx) => {
        const { schema } = context.adoption.table
        await tx.query(sql`
          drop table if exists ${ident(schema, 'embedding_models')}, ${ident(schema, 'revector_layout')}`)
      }),
  }
}

function documents({ layout, table }: Adoption): Step {
  const name = layout.documents.table
  return {
    name: 'documents',
    does: `creates ${spoken(name)} with one document, "Chunks of ${layout.chunks.table.name}", that owns the existing chunks`,
    undoes: `drops ${spoken(name)}`,
    locks: none,
    growsWithRows: false,
    apply: (context) =>
      shortly(context, async (tx) => {
        if (await relationExists(tx, name)) return
        await tx.query(script('0001_documents.sql'))
        await keepPrivate(tx, [name])
        await tx.query(sql`
          insert into ${tableOf(name)} (title, content, content_hash)
          values (${`Chunks of ${layout.chunks.table.name}`}, '', '')`)
      }),
    undo: (context) =>
      shortly(context, async (tx) => {
        await tx.query(sql`drop table if exists ${tableOf({ schema: table.schema, name: name.name })}`)
      }),
  }
}

function indexes(adoption: Adoption): Step {
  return {
    name: 'indexes',
    does: `builds ${adoption.indexes.map(({ name }) => name).join(', ')}`,
    undoes: `drops ${adoption.indexes.map(({ name }) => name).join(', ')}`,
    locks: none,
    growsWithRows: true,
    apply: async ({ site }) => {
      for (const { table, name, unique, body, key } of adoption.indexes) {
        await buildUnique(site, { table, name, unique, body: raw(body) }, key)
      }
    },
    undo: async ({ site }) => {
      for (const { table, name } of adoption.indexes) await dropIndex(site, { schema: table.schema, name })
    },
  }
}

function unique(adoption: Adoption): Step {
  const { table, modelId } = adoption
  const name = adoptionNames(modelId).unique
  return {
    name: 'unique',
    does: `builds the unique index ${name} on (chunk_id, model_id)`,
    undoes: `drops the unique index ${name}`,
    locks: none,
    growsWithRows: true,
    apply: ({ site }) =>
      buildUnique(site, { table, name, unique: true, body: sql`(chunk_id, model_id)` }, 'chunk_id'),
    undo: ({ site }) => dropIndex(site, { schema: table.schema, name }),
  }
}

/** If a unique index can't be built, names the duplicate rows instead. */
async function buildUnique(
  site: AdoptionRun['site'],
  request: Parameters<typeof buildIndex>[1],
  key: string | null,
): Promise<void> {
  try {
    await buildIndex(site, request)
  } catch (error) {
    if (key !== null && sqlstateOf(error) === '23505') await checkUnique(site.session, request.table, key)
    throw error
  }
}

function checks(adoption: Adoption): Step[] {
  const { table, modelId, layout } = adoption
  const names = adoptionNames(modelId)
  const { chunks } = layout
  const steps = [
    constraint(
      table,
      names.modelCheck,
      sql`check (model_id is not null and model_id = ${raw(String(modelId))})`,
      spoken(table),
    ),
    constraint(table, names.chunkCheck, sql`check (chunk_id is not null)`, spoken(table)),
  ]
  if (adoption.addsForeignKey) {
    const body = sql`
      foreign key (chunk_id) references ${tableOf(chunks.table)} (${ident(chunks.id)}) on delete cascade`
    steps.push(constraint(table, names.foreignKey, body, `${spoken(table)} and ${spoken(chunks.table)}`))
  }
  return steps
}

function constraint(table: TableName, name: string, body: Sql, locked: string): Step {
  return {
    name,
    does: `adds the constraint ${name} for new rows, then checks the existing rows`,
    undoes: `drops the constraint ${name}`,
    locks: `${instant(locked)}; none while rows are checked`,
    growsWithRows: true,
    apply: async (context) => {
      const { session } = context.site
      if ((await constraintState(session, table, name)) === 'missing') {
        await shortly(context, async (tx) => {
          await tx.query(sql`alter table ${tableOf(table)} add constraint ${ident(name)} ${body} not valid`)
        })
      }
      if ((await constraintState(session, table, name)) === 'not valid') {
        await session.query(sql`alter table ${tableOf(table)} validate constraint ${ident(name)}`)
      }
    },
    undo: (context) =>
      shortly(context, async (tx) => {
        await tx.query(sql`alter table ${tableOf(table)} drop constraint if exists ${ident(name)}`)
      }),
  }
}

function hnswIndex(adoption: Adoption): Step {
  const { table, column, dimension, model } = adoption
  return {
    name: 'index',
    does: `builds the HNSW index ${adoption.hnswIndex} on ${spoken(table)}.${column}`,
    undoes: `drops the HNSW index ${adoption.hnswIndex}`,
    locks: none,
    growsWithRows: true,
    apply: ({ site, onProgress }) =>
      buildHnswIndexOn(site, {
        table,
        name: adoption.hnswIndex,
        column,
        space: { dimension, distance: model?.distance ?? 'cosine' },
        ...(model && { modelName: model.modelName }),
        ...(onProgress && { onProgress }),
      }),
    undo: ({ site }) => dropIndex(site, { schema: table.schema, name: adoption.hnswIndex }),
  }
}

/** Nothing to build; for a rollback, recreates an index that a bulk load has replaced. */
function adopted({ table, hnswIndex: name }: Adoption, index: AdoptedHnswIndex): Step {
  return {
    name: 'index',
    does: `keeps the HNSW index ${index.name}, which becomes ${name}`,
    undoes: `keeps the HNSW index ${index.name}, or rebuilds it as it was if a load has replaced it`,
    locks: none,
    growsWithRows: false,
    apply: async () => {},
    undo: async ({ site }) => {
      const { rows } = await site.session.query<{ definition: string }>(sql`
        select pg_get_indexdef(i.indexrelid) as definition from pg_index i
        where i.indexrelid = to_regclass(${ident(table.schema, index.name).text}) and i.indisvalid`)
      if (rows[0]?.definition === index.definition) return
      await dropIndex(site, { schema: table.schema, name: index.name })
      const how = site.concurrent ? 'CREATE INDEX CONCURRENTLY' : 'CREATE INDEX'
      await site.session.query(raw(index.definition.replace(/^CREATE INDEX/, how)))
    },
  }
}

function statistics({ table }: Adoption): Step {
  return {
    name: 'statistics',
    does: `analyzes ${spoken(table)}, so that the planner uses the HNSW index`,
    undoes: `keeps the statistics of ${spoken(table)}`,
    locks: none,
    growsWithRows: false,
    apply: async ({ site }) => void (await site.session.query(sql`analyze ${tableOf(table)}`)),
    undo: async () => {},
  }
}
