import { countVectors } from '../store/coverage.ts'
import { checkQueryVector } from '../store/embeddings.ts'
import { requireModel } from '../store/models.ts'
import { explainNearest } from '../store/nearest-plan.ts'
import type { SearchPlan, SearchResult } from '../wire/search.ts'
import type { SearchDeps } from './deps.ts'
import { checkMultiModelRequest, type ExplainRequest } from './request.ts'

/**
 * Runs a search again in each model to get its plan.
 *
 * @throws RevectorError as a search does
 */
export async function explainSearch(
  deps: SearchDeps,
  request: ExplainRequest,
): Promise<readonly SearchPlan[]> {
  const { db, layout, models, tuning } = deps
  const { query, modelNames, queryVectors, topK, filter, signal } = checkMultiModelRequest(request)
  const plans: SearchPlan[] = []
  for (const modelName of modelNames) {
    const model = await requireModel(db, modelName)
    const embedded = async () =>
      (await (await models.open(model)).embed([query], { kind: 'query', signal })).vectors[0]
    const vector = queryVectors[modelName] ?? (await embedded())
    if (vector === undefined) throw new Error(`${modelName} made no vector of the query`)
    checkQueryVector(model, vector)
    const { vectors } = await countVectors(db, layout, model)
    const nearest = { model, vector, k: topK, filter, versionOf: modelName, vectors }
    const { path, index, plan } = await explainNearest(db, layout, nearest, tuning)
    const [whole] = plan as readonly { readonly Plan: PlanNode; readonly 'Execution Time'?: number }[]
    plans.push({
      model: modelName,
      path,
      index,
      ms: whole?.['Execution Time'] ?? 0,
      plan: whole === undefined ? [] : linesOf(whole.Plan, 0),
    })
  }
  return plans
}

/** Vectors of the query that the caller passed. */
type GivenVectors = Omit<ExplainRequest, 'modelNames'> & { readonly queryVector?: Float32Array }

/**
 * A search with its query plans. The search is run again in each model for that, with the vectors of the first
 * time: nothing is embedded twice.
 *
 * @throws RevectorError as the search does
 */
export async function searchExplained(
  deps: SearchDeps,
  { query, topK, filter, signal, queryVector, queryVectors }: GivenVectors,
  run: (deps: SearchDeps) => Promise<SearchResult>,
): Promise<SearchResult> {
  const made: Record<string, Float32Array> = {}
  const result = await run({ ...deps, models: recording(deps.models, made) })
  const [first = ''] = result.models
  const explain = await explainSearch(deps, {
    query,
    topK,
    filter,
    signal,
    modelNames: result.models,
    queryVectors: {
      ...made,
      ...queryVectors,
      ...(queryVector === undefined ? {} : { [first]: queryVector }),
    },
  })
  return { ...result, explain }
}

/** The same models; their vectors of the query are kept, by name. */
function recording({ open }: SearchDeps['models'], made: Record<string, Float32Array>): SearchDeps['models'] {
  return {
    async open(model) {
      const opened = await open(model)
      return {
        ...opened,
        async embed(texts, options) {
          const outcome = await opened.embed(texts, options)
          const [vector] = outcome.vectors
          if (vector !== undefined) made[model.modelName] = vector
          return outcome
        },
      }
    },
  }
}

interface PlanNode {
  readonly 'Node Type'?: string
  readonly 'Relation Name'?: string
  readonly 'Index Name'?: string
  readonly 'Actual Rows'?: number
  readonly 'Actual Loops'?: number
  readonly Plans?: readonly PlanNode[]
}

function linesOf(node: PlanNode, depth: number): readonly string[] {
  const loops = node['Actual Loops'] ?? 0
  const index = node['Index Name'] === undefined ? '' : ` using ${node['Index Name']}`
  const table = node['Relation Name'] === undefined ? '' : ` on ${node['Relation Name']}`
  const rows =
    loops === 0 ? 'never executed' : `${node['Actual Rows'] ?? 0} rows${loops > 1 ? ` × ${loops}` : ''}`
  return [
    `${'  '.repeat(depth)}${node['Node Type'] ?? ''}${index}${table} (${rows})`,
    ...(node.Plans ?? []).flatMap((below) => linesOf(below, depth + 1)),
  ]
}
