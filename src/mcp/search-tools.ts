import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import * as z from 'zod'
import { query } from '../http/contract/search.ts'
import { modelName } from '../wire/field.ts'
import { aggregation, minScore, searchFilter, searchResult, topK } from '../wire/search.ts'
import type { McpDeps } from './deps.ts'
import { addTool } from './tool.ts'

const narrowing = {
  topK,
  minScore: minScore.describe('Passages with a lower score are left out.'),
  filter: searchFilter.optional(),
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
    run: ({ model, ...rest }, { signal }) => retriever.search({ ...rest, modelName: model, signal }),
  })
  addTool(server, deps, {
    name: 'search_multi_model',
    title: 'Find passages with several models',
    description:
      'Finds passages with several embedding models, each in its own space, and fuses their results by rank. Shows which ' +
      'model found which passage.',
    input: z.strictObject({
      query,
      models: z.array(modelName).min(1).max(20).describe('Names of registered models: see list_models.'),
      aggregation: aggregation
        .default('union')
        .describe('Passages that any model found, or that all models found.'),
      ...narrowing,
    }),
    output: searchResult,
    annotations,
    run: ({ models, ...rest }, { signal }) =>
      retriever.searchMultiModel({ ...rest, modelNames: models, signal }),
  })
}
