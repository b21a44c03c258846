import type { Model } from '../../api/shapes.ts'
import type { Asked, Serve, Way } from './ask.ts'

export const ways: readonly { way: Way; name: string }[] = [
  { way: 'side', name: 'Side by side' },
  { way: 'union', name: 'What any found' },
  { way: 'intersection', name: 'What all found' },
]
/** How many passages can be asked for. */
export const depths = [5, 8, 10, 20, 50]

const serves: readonly Serve[] = ['source', 'target', 'both']

/** What an address asks for, as far as there is such a thing. */
export function givenIn(
  query: URLSearchParams,
  models: readonly Model[],
): { readonly q: string; readonly k: number; readonly asked: Asked } {
  const named = query.get('models')?.split(',') ?? []
  const searchable = models.filter((model) => model.embeddings > 0).map((model) => model.model_name)
  const chosen = searchable.filter((name) => named.includes(name)).slice(0, 4)
  const filling = models.some((model) => model.state === 'filling')
  const serve = (filling && serves.find((one) => one === query.get('serve'))) || null
  const k = Number(query.get('k'))
  return {
    q: query.get('q') ?? '',
    k: depths.includes(k) ? k : 8,
    asked: {
      way: ways.find((one) => one.way === query.get('way'))?.way ?? 'side',
      serve,
      chosen: serve !== null ? [] : chosen.length > 0 ? chosen : searchable.slice(0, 1),
    },
  }
}
