import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { get, post } from '../../api/request.ts'
import { useResource } from '../../api/resource.ts'
import type { Model, SearchRequest, SearchResult, Status } from '../../api/shapes.ts'
import { currentOf, searchable } from '../../models.ts'
import { announce } from '../../parts/announce.tsx'
import { ModelChoice } from '../../parts/model-name.tsx'
import { Empty, Failure, Loaded, Loading } from '../../parts/states.tsx'
import { noteInAddress, route } from '../../route.ts'
import { Columns } from './columns.tsx'
import { Filters, filterOf } from './filters.tsx'
import { Fused } from './fused.tsx'
import { Plans } from './plans.tsx'

type Way = 'side' | 'union' | 'intersection'
const ways: readonly { way: Way; name: string }[] = [
  { way: 'side', name: 'Side by side' },
  { way: 'union', name: 'What any found' },
  { way: 'intersection', name: 'What all found' },
]

export function Search() {
  const status = useResource('status', (signal) => get<Status>('/api/v1/status', signal))
  return (
    <>
      <header class="page-head">
        <div>
          <h1>Search and compare</h1>
          <p>
            The same question in one model or several. A line joins a passage that more than one of them
            found.
          </p>
        </div>
      </header>
      <Loaded of={status} what="the models">
        {({ models, documents }) =>
          searchable(models).length === 0 ? (
            <Empty title={documents === 0 ? 'Nothing to search yet' : 'No model has vectors yet'}>
              <p>Add documents first; they are embedded with the current model.</p>
              <a class="button primary" href="#/documents?add=yes">
                Add documents
              </a>
            </Empty>
          ) : (
            <Desk models={searchable(models)} />
          )
        }
      </Loaded>
    </>
  )
}

function Desk({ models }: { models: readonly Model[] }) {
  const asked = route.peek().query
  const named = asked
    .get('models')
    ?.split(',')
    .filter((name) => models.some((one) => one.model_name === name))
  const first = currentOf(models) ?? models[0]
  const text = useSignal(asked.get('q') ?? '')
  const chosen = useSignal<readonly string[]>(
    named !== undefined && named.length > 0 ? named : first === undefined ? [] : [first.model_name],
  )
  const topK = useSignal(Number(asked.get('k') ?? 8))
  const way = useSignal<Way>((asked.get('way') as Way | null) ?? 'side')
  const filters = useSignal<Readonly<Record<string, string>>>({})
  const query = useSignal(asked.get('q') ?? '')
  const box = useRef<HTMLInputElement>(null)

  const request = { query: query.value, top_k: topK.value, explain: true, ...filterOf(filters.value) }
  const key =
    query.value === '' || chosen.value.length === 0
      ? null
      : JSON.stringify([request, chosen.value, way.value])
  const found = useResource(key, (signal) => ask(request, { models: chosen.value, way: way.value, signal }))

  useEffect(() => {
    noteInAddress('search', {
      q: query.value,
      models: chosen.value.join(','),
      k: topK.value,
      way: way.value === 'side' ? undefined : way.value,
    })
  }, [query.value, chosen.value, topK.value, way.value])

  useEffect(() => {
    const focus = (event: KeyboardEvent): void => {
      if (event.key !== '/' || /^(input|textarea|select)$/i.test((event.target as Element).tagName)) return
      event.preventDefault()
      box.current?.focus()
    }
    addEventListener('keydown', focus)
    return () => removeEventListener('keydown', focus)
  }, [])

  const results = found.data.value
  return (
    <>
      <search>
        <form
          class="desk"
          onSubmit={(event) => {
            event.preventDefault()
            if (query.value === text.value) void found.reload()
            query.value = text.value.trim()
          }}
        >
          <div class="desk-line">
            <input
              ref={box}
              type="search"
              aria-label="Question"
              placeholder="Ask as you would ask a colleague"
              value={text.value}
              onInput={(event) => {
                text.value = event.currentTarget.value
              }}
            />
            <button type="submit" class="button primary">
              Search
            </button>
          </div>
          <ModelChoice models={models} chosen={chosen.value} onChange={choose} legend="In" />
          <div class="desk-options">
            {chosen.value.length > 1 && (
              <fieldset class="ways">
                <legend class="unseen">How lists are shown</legend>
                {ways.map((one) => (
                  <label key={one.way}>
                    <input
                      type="radio"
                      name="way"
                      checked={way.value === one.way}
                      onChange={() => {
                        way.value = one.way
                      }}
                    />
                    {one.name}
                  </label>
                ))}
              </fieldset>
            )}
            <label class="inline-field">
              Passages
              <select
                value={topK.value}
                onChange={(event) => {
                  topK.value = Number(event.currentTarget.value)
                }}
              >
                {[5, 8, 10, 20, 50].map((k) => (
                  <option key={k} value={k}>
                    {k}
                  </option>
                ))}
              </select>
            </label>
            <Filters given={filters} />
          </div>
        </form>
      </search>
      {found.problem.value !== null && (
        <Failure problem={found.problem.value} again={() => void found.reload()} />
      )}
      {results === null && found.loading.value && <Loading what="passages" rows={3} />}
      {results === null && key === null && (
        <Empty title={chosen.value.length === 0 ? 'Choose a model' : 'What do you want to know?'}>
          <p>Choose two models to see where they agree, and what only one of them finds.</p>
        </Empty>
      )}
      {results !== null && (
        <div class={found.loading.value ? 'stale' : undefined}>
          {results.length === 1 && results[0] !== undefined && results[0].models.length > 1 ? (
            <Fused result={results[0]} models={models} />
          ) : (
            <Columns results={results} models={models} k={topK.value} />
          )}
          <Plans results={results} models={models} />
        </div>
      )}
    </>
  )

  function choose(names: readonly string[]): void {
    chosen.value = models.map((model) => model.model_name).filter((name) => names.includes(name))
  }
}

async function ask(
  request: SearchRequest,
  { models, way, signal }: { models: readonly string[]; way: Way; signal: AbortSignal },
): Promise<readonly SearchResult[]> {
  const path = '/api/v1/search'
  const results =
    way === 'side' || models.length < 2
      ? await Promise.all(models.map((model) => post<SearchResult>(path, { ...request, model }, signal)))
      : [await post<SearchResult>(path, { ...request, models, aggregation: way }, signal)]
  announce(`${results.reduce((sum, result) => sum + result.hits.length, 0)} passages found.`)
  return results
}
