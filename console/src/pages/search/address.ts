import type { Model } from '../../api/shapes.ts'
import type { SearchChoice, Serve, Way } from './ask.ts'

export const ways: readonly { way: Way; name: string }[] = [
  { way: 'side', name: 'Side by side' },
  { way: 'union', name: 'Any model (union)' },
  { way: 'intersection', name: 'All models (intersection)' },
]
/** Numbers of passages to choose from. */
export const depths = [5, 8, 10, 20, 50]

const serves: readonly Serve[] = ['source', 'target', 'both']

/** The search that an address describes; models and options that do not exist are ignored. */
export function searchInAddress(
  query: URLSearchParams,
  models: readonly Model[],
): { readonly q: string; readonly k: number; readonly choice: SearchChoice } {
  const named = query.get('models')?.split(',') ?? []
  const searchable = models.filter((model) => model.embeddings > 0).map((model) => model.model_name)
  const chosen = searchable.filter((name) => named.includes(name)).slice(0, 4)
  const filling = models.some((model) => model.state === 'filling')
  const serve = (filling && serves.find((one) => one === query.get('serve'))) || null
  const k = Number(query.get('k'))
  return {
    q: query.get('q') ?? '',
    k: depths.includes(k) ? k : 8,
    choice: {
      way: ways.find((one) => one.way === query.get('way'))?.way ?? 'side',
      serve,
      chosen: serve !== null ? [] : chosen.length > 0 ? chosen : searchable.slice(0, 1),
    },
  }
}
