import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import * as z from 'zod'
import { modelName } from '../http/contract/operation.ts'
import { filter, query, searchResult, topK } from '../http/contract/search.ts'
import { filterOf } from '../http/filter.ts'
import { searchShape } from '../shapes/wire.ts'
import type { McpDeps } from './deps.ts'
import { addTool } from './tool.ts'

const narrowing = {
  top_k: topK,
  min_score: z.number().optional().describe('Passages that score less are left out.'),
  filter: filter.optional(),
}

const annotations = { readOnlyHint: true, openWorldHint: false }

export function addSearchTools(server: McpServer, deps: McpDeps): void {
  const { retriever } = deps.revector
  addTool(server, deps, {
    name: 'search',
    title: 'Find passages',
    description:
      'Finds the passages of the documents nearest to a question, best first, in one embedding model.',
    input: z.strictObject({
      query,
      model: modelName.optional().describe('The embedding model. Default: the current one.'),
      ...narrowing,
    }),
    output: searchResult,
    annotations,
    run: async ({ query: text, model, ...rest }, { signal }) =>
      searchShape(await retriever.search({ query: text, signal, ...narrowed(rest), modelName: model })),
  })
  addTool(server, deps, {
    name: 'search_multi_model',
    title: 'Find passages with several models',
    description:
      'Finds passages with several embedding models, each in its own space, and fuses what they find by rank. Says which ' +
      'model found which passage.',
    input: z.strictObject({
      query,
      models: z.array(modelName).min(1).max(20).describe('Names of registered models: see list_models.'),
      aggregation: z
        .enum(['union', 'intersection'])
        .default('union')
        .describe('What any of them found, or what all of them found.'),
      ...narrowing,
    }),
    output: searchResult,
    annotations,
    run: async ({ query: text, models, aggregation, ...rest }, { signal }) =>
      searchShape(
        await retriever.searchMultiModel({
          query: text,
          modelNames: models,
          aggregation,
          signal,
          ...narrowed(rest),
        }),
      ),
  })
}

function narrowed({ top_k, min_score, filter: by }: z.output<z.ZodObject<typeof narrowing>>) {
  return {
    topK: top_k,
    minScore: min_score,
    ...(by === undefined ? {} : { filter: filterOf(by) }),
  }
}
