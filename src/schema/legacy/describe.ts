import type { Queryable } from '../../postgres/database.ts'
import { ident, sql } from '../../postgres/sql.ts'
import { relationExists, shortName } from '../catalog.ts'
import { ownLayout, type TableName, tableOf } from '../layout.ts'
import { hnswIndexName, hnswIndexNameOfModel } from '../names.ts'
import { requireOwnership } from '../rights.ts'
import { adoptableHnswIndex } from './adopt-index.ts'
import { checkRows, constantModelId } from './check-rows.ts'
import { type Discovered, discover } from './discover.ts'
import { firstModel } from './first-model.ts'
import { chunkColumns, documentColumns, freeName, idTypeOf, mapColumns } from './mapping.ts'
import { missingDefaults } from './missing-defaults.ts'
import { missingIndexes } from './missing-indexes.ts'
import type { AddedColumn, Adoption, FirstModel, TableChoices } from './record.ts'
import { refused } from './refusal.ts'
import { identitiesOf, ownedSequences } from './sequences.ts'
import { columnOf, spoken, type TableFacts } from './table-facts.ts'

export interface AdoptionOptions {
  readonly model?: FirstModel
  readonly tables?: TableChoices
}

/**
 * Examines a fixed-dimension database and decides everything that its adoption will do. Only reads.
 *
 * @throws RevectorError UPGRADE_REFUSED, UPGRADE_MODEL_UNKNOWN, MODEL_DIMENSION_CONFLICT, DATABASE_PERMISSION_DENIED
 */
export async function describeAdoption(db: Queryable, options: AdoptionOptions): Promise<Adoption> {
  const found = await discover(db, options.tables ?? {})
  const { embeddings, vector, dimension } = found
  const schema = embeddings.name.schema
  await requireOwnership(db, tablesOf(found))
  await refuseTakenNames(db, schema)
  await checkRows(db, found)
  const ownModelId = await constantModelId(db, found)

  const rows = await countRows(db, embeddings.name)
  const hnswIndex = adoptableHnswIndex(embeddings, vector.name, dimension, options.model?.distance ?? null)
  const model = firstModel(options.model, { dimension, rows, indexed: hnswIndex?.distance ?? null })
  const modelId = ownModelId ?? (model === null ? 0 : 1)
  await refuseName(db, { schema, name: `chunk_embeddings_model_${modelId}` })

  const mapped = await mapTables(db, found)
  const addsId = columnOf(embeddings, 'id') === undefined
  const createdAt: AddedColumn[] =
    columnOf(embeddings, 'created_at') === undefined
      ? [{ table: embeddings.name, column: 'created_at', definition: 'timestamptz', laterDefault: 'now()' }]
      : []
  const identities = await identitiesOf(db, embeddings)
  const plainName = hnswIndexName(dimension)
  const plainIsFree =
    hnswIndex?.name === plainName || !(await relationExists(db, { schema, name: plainName }))
  const defaults = missingDefaults(found, mapped.filled, ownModelId)
  return {
    kind: 'adoption',
    table: embeddings.name,
    column: vector.name,
    dimension,
    rows,
    bytes: embeddings.bytes,
    modelId,
    model,
    addsModelId: ownModelId === null,
    addsId,
    owner: embeddings.owner,
    comment: await commentOf(db, embeddings.name),
    layout: mapped.layout,
    createsDocuments: mapped.createsDocuments,
    columns: [...mapped.columns, ...createdAt],
    defaults: defaults.defaults,
    indexes: missingIndexes(found, mapped.layout, mapped.createsDocuments),
    addsForeignKey: !found.chunkKey,
    adoptedHnswIndex: hnswIndex === null ? null : { name: hnswIndex.name, definition: hnswIndex.definition },
    hnswIndex: plainIsFree ? plainName : hnswIndexNameOfModel({ id: modelId, dimension }),
    identities,
    sequences: await ownedSequences(db, embeddings),
    optional: embeddings.columns
      .filter((column) => column.notNull && !['id', 'chunk_id', 'model_id'].includes(column.name))
      .filter((column) => column.default === null || column.name === vector.name)
      .map((column) => column.name),
    warnings: [
      ...defaults.warnings,
      ...(rows > 0 && model !== null && options.model === undefined
        ? [
            `No model was named, so Revector assumes that ${model.modelName} made the vectors of ${dimension} dimensions. ` +
              'Other models, such as text-embedding-3-small, have that dimension too: if one of them made these, name it ' +
              'with --model NAME, because questions will be embedded with that model.',
          ]
        : []),
    ],
  }
}

function tablesOf({ embeddings, chunks, documents }: Discovered): readonly TableName[] {
  return [embeddings.name, chunks.name, ...(documents === null ? [] : [documents.table.name])]
}

interface MappedTables {
  readonly layout: Adoption['layout']
  readonly createsDocuments: boolean
  readonly columns: readonly AddedColumn[]
  /** Columns that our INSERTs fill, by table. */
  readonly filled: { readonly documents: readonly string[]; readonly chunks: readonly string[] }
}

async function mapTables(db: Queryable, found: Discovered): Promise<MappedTables> {
  const { chunks, chunkId, text, documents } = found
  const ours = ownLayout(found.embeddings.name.schema)
  const link = documents?.link ?? freeName(chunks, 'document_id')
  const inChunks = mapColumns(chunks, chunkColumns, [chunkId, text, link])
  const chunkNames = { ...ours.chunks, ...inChunks.columns }
  const layoutOfChunks = {
    ...chunkNames,
    table: chunks.name,
    id: chunkId,
    idType: idTypeIn(chunks, chunkId),
    documentId: link,
    content: text,
  }
  const columns: AddedColumn[] = inChunks.added.map((added) => ({
    table: chunks.name,
    column: added.column,
    definition: added.type,
    laterDefault: added.laterDefault,
  }))
  if (documents === null) {
    const { table } = ours.documents
    if (await relationExists(db, table)) throw unlinkedDocuments(chunks, table)
    // One document, number 1, owns the existing chunks; its table is created first.
    columns.unshift({
      table: chunks.name,
      column: link,
      definition: 'bigint not null default 1',
      laterDefault: null,
    })
    return {
      layout: { documents: ours.documents, chunks: layoutOfChunks },
      createsDocuments: true,
      columns,
      filled: { documents: [], chunks: [text, link, ...Object.values(inChunks.columns)] },
    }
  }
  const title = documents.title ?? freeName(documents.table, 'title')
  const inDocuments = mapColumns(documents.table, documentColumns, [documents.id, title])
  const added = [
    ...(documents.title === null ? [{ column: title, type: 'text', laterDefault: null }] : []),
    ...inDocuments.added,
  ]
  for (const one of added) {
    columns.push({
      table: documents.table.name,
      column: one.column,
      definition: one.type,
      laterDefault: one.laterDefault,
    })
  }
  return {
    layout: {
      documents: {
        ...ours.documents,
        ...inDocuments.columns,
        table: documents.table.name,
        id: documents.id,
        idType: idTypeIn(documents.table, documents.id),
        title,
      },
      chunks: layoutOfChunks,
    },
    createsDocuments: false,
    columns,
    filled: {
      documents: [title, ...Object.values(inDocuments.columns)],
      chunks: [text, link, ...Object.values(inChunks.columns)],
    },
  }
}

function idTypeIn(table: TableFacts, column: string): 'smallint' | 'integer' | 'bigint' | 'uuid' | 'text' {
  const facts = columnOf(table, column)
  const type = facts === undefined ? null : idTypeOf(facts)
  if (type === null) throw new Error(`${column} of ${spoken(table.name)} is no id`)
  return type
}

function unlinkedDocuments(chunks: TableFacts, documents: TableName): Error {
  return refused(
    `${spoken(chunks.name)} has no column that refers to ${spoken(documents)}.`,
    `Add a foreign key from it to ${spoken(documents)}; or, if that table is something else, rename it.`,
    { table: spoken(chunks.name), documents: spoken(documents) },
  )
}

/** Names that the new layout needs and that must not belong to another application. */
async function refuseTakenNames(db: Queryable, schema: string): Promise<void> {
  for (const name of ['embedding_models', 'revector_layout']) await refuseName(db, { schema, name })
}

async function refuseName(db: Queryable, table: TableName): Promise<void> {
  if (!(await relationExists(db, table))) return
  throw refused(
    `The new layout needs the name ${table.name}, and ${spoken(table)} exists and is not Revector's.`,
    `Rename it: alter table ${spoken(table)} rename to other_${shortName(table.name)}.`,
    { table: spoken(table) },
  )
}

async function countRows(db: Queryable, table: TableName): Promise<number> {
  const { rows } = await db.query<{ rows: string }>(sql`select count(*)::text as rows from ${tableOf(table)}`)
  return Number(rows[0]?.rows ?? 0)
}

async function commentOf(db: Queryable, table: TableName): Promise<string | null> {
  const { rows } = await db.query<{ comment: string | null }>(sql`
    select obj_description(${ident(table.schema, table.name).text}::regclass, 'pg_class') as comment`)
  return rows[0]?.comment ?? null
}
