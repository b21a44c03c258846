import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import * as z from 'zod'
import { modelName } from '../http/contract/operation.ts'
import { filter, query, searchResult, topK } from '../http/contract/search.ts'
import { filterOf } from '../http/filter.ts'
import { searchShape } from '../wire/wire.ts'
import type { McpDeps } from './deps.ts'
import { toolResult } from './tool-result.ts'

const narrowing = {
  top_k: topK,
  min_score: z.number().optional().describe('Passages that score less are left out.'),
  filter: filter.optional(),
}

/** Without its name: at the root a tool's schema may be no reference. */
const found = z.strictObject(searchResult.shape)

export function addSearchTools(server: McpServer, deps: McpDeps): void {
  const { retriever } = deps.revector
  server.registerTool(
    'search',
    {
      title: 'Find passages',
      description:
        'Finds the passages of the documents nearest to a question, best first, in one embedding model.',
      inputSchema: z.strictObject({
        query,
        model: modelName.optional().describe('The embedding model. Default: the current one.'),
        ...narrowing,
      }),
      outputSchema: found,
      annotations: { readOnlyHint: true, openWorldHint: false },
    },
    ({ query: text, model, ...rest }, { signal }) =>
      toolResult(deps, async () =>
        searchShape(
          await retriever.search({
            query: text,
            signal,
            ...narrowed(rest),
            modelName: model,
          }),
        ),
      ),
  )
  server.registerTool(
    'search_multi_model',
    {
      title: 'Find passages with several models',
      description:
        'Finds passages with several embedding models, each in its own space, and fuses what they find by rank. Says which ' +
        'model found which passage.',
      inputSchema: z.strictObject({
        query,
        models: z.array(modelName).min(1).max(20).describe('Names of registered models: see list_models.'),
        aggregation: z
          .enum(['union', 'intersection'])
          .default('union')
          .describe('What any of them found, or what all of them found.'),
        ...narrowing,
      }),
      outputSchema: found,
      annotations: { readOnlyHint: true, openWorldHint: false },
    },
    ({ query: text, models, aggregation, ...rest }, { signal }) =>
      toolResult(deps, async () =>
        searchShape(
          await retriever.searchMultiModel({
            query: text,
            modelNames: models,
            aggregation,
            signal,
            ...narrowed(rest),
          }),
        ),
      ),
  )
}

function narrowed({ top_k, min_score, filter: by }: z.output<z.ZodObject<typeof narrowing>>) {
  return {
    topK: top_k,
    minScore: min_score,
    ...(by === undefined ? {} : { filter: filterOf(by) }),
  }
}
