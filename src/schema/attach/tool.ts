import { columnOf, type TableFacts } from '../legacy/table-facts.ts'

/** A library or service by the columns of the tables that it makes. The first that fits is meant. */
interface Tool {
  readonly name: string
  /** Columns of the table with the vectors, all of which it must have. */
  readonly columns: readonly string[]
  /** Its usual name; without one the columns alone tell. */
  readonly table?: RegExp
  readonly text?: string
  /** A unique column that names a chunk, where it is not the primary key. */
  readonly id?: string
}

const tools: readonly Tool[] = [
  {
    name: 'LangChain (Python)',
    table: /^langchain_pg_embedding$/,
    columns: ['collection_id', 'embedding', 'document', 'cmetadata'],
    text: 'document',
  },
  {
    name: 'LlamaIndex.TS',
    columns: ['external_id', 'collection', 'document', 'metadata', 'embeddings'],
    text: 'document',
  },
  { name: 'LlamaIndex (Python)', columns: ['text', 'metadata_', 'node_id', 'embedding'], text: 'text' },
  { name: 'Mastra', columns: ['vector_id', 'embedding', 'metadata'], id: 'vector_id' },
  {
    name: 'pgai',
    columns: ['embedding_uuid', 'chunk_seq', 'chunk', 'embedding'],
    text: 'chunk',
    id: 'embedding_uuid',
  },
  { name: 'LangChain.js', columns: ['id', 'text', 'metadata', 'embedding'], text: 'text' },
  {
    name: 'Supabase',
    table: /^documents$/,
    columns: ['id', 'content', 'metadata', 'embedding'],
    text: 'content',
  },
  { name: 'LangChain.js', columns: ['id', 'content', 'metadata', 'vector'], text: 'content' },
  {
    name: 'Vercel AI SDK',
    table: /^embeddings$/,
    columns: ['id', 'resource_id', 'content', 'embedding'],
    text: 'content',
  },
  { name: 'Revector’s guide', table: /^chunk_embeddings$/, columns: ['chunk_id', 'embedding'] },
]

export type RecognisedTool = Pick<Tool, 'name' | 'text' | 'id'>

/** Null: none that is known. */
export function toolOf(table: TableFacts): RecognisedTool | null {
  return (
    tools.find(
      (tool) =>
        tool.table?.test(table.name.name) !== false &&
        tool.columns.every((name) => columnOf(table, name) !== undefined) &&
        (tool.text === undefined || columnOf(table, tool.text) !== undefined),
    ) ?? null
  )
}
