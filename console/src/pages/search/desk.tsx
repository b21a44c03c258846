import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { useResource } from '../../api/resource.ts'
import type { Model } from '../../api/shapes.ts'
import { currentOf } from '../../models.ts'
import { ModelChoice } from '../../parts/model-name.tsx'
import { Empty, Failure, Loading } from '../../parts/states.tsx'
import { noteInAddress, route } from '../../route.ts'
import { depths, searchInAddress, ways } from './address.ts'
import { ask, type SearchChoice } from './ask.ts'
import { Filters, filterOf } from './filters.tsx'
import { Found } from './found.tsx'

import { QuestionBox } from './question-box.tsx'
import { ServeChoice } from './serve.tsx'

/** The search form and its results. The address holds everything but the filters. */
export function Desk({ models }: { models: readonly Model[] }) {
  const initial = useRef(searchInAddress(route.peek().query, models)).current
  const text = useSignal(initial.q)
  const query = useSignal(initial.q)
  const choice = useSignal<SearchChoice>(initial.choice)
  const topK = useSignal(initial.k)
  const filters = useSignal<Readonly<Record<string, string>>>({})
  const { chosen, way, serve } = choice.value
  const target = models.find((model) => model.state === 'filling')

  const request = { query: query.value, top_k: topK.value, explain: true, ...filterOf(filters.value) }
  const nowhere = serve === null && chosen.length === 0
  const key = query.value === '' || nowhere ? null : JSON.stringify([request, choice.value])
  const found = useResource(key, (signal) => ask(request, choice.value, signal))

  useEffect(() => {
    noteInAddress('search', {
      q: query.value,
      models: serve === null ? chosen.join(',') : undefined,
      serve: serve ?? undefined,
      k: topK.value,
      way: way === 'side' ? undefined : way,
    })
  }, [query.value, choice.value, topK.value])

  // The migration has ended: there is no source and target to choose between any more.
  const ended = serve !== null && target === undefined
  useEffect(() => {
    if (ended) choice.value = { way, chosen: models.slice(0, 1).map((one) => one.model_name), serve: null }
  }, [ended])

  return (
    <>
      <search>
        <form class="desk" onSubmit={submit}>
          <QuestionBox text={text} />
          <ModelChoice
            models={models.filter((model) => model.embeddings > 0)}
            chosen={chosen}
            legend="Models"
            onChange={(names) => {
              const kept = models.map((model) => model.model_name).filter((name) => names.includes(name))
              choice.value = { way, chosen: kept, serve: null }
            }}
          />
          {target !== undefined && (
            <ServeChoice
              source={currentOf(models)}
              target={target}
              chosen={serve}
              onChange={(one) => {
                choice.value = { way, chosen: [], serve: one }
              }}
            />
          )}
          <div class="desk-options">
            {chosen.length > 1 && (
              <fieldset class="ways">
                <legend class="unseen">Layout of the results</legend>
                {ways.map((one) => (
                  <label key={one.way}>
                    <input
                      type="radio"
                      name="way"
                      checked={way === one.way}
                      onChange={() => {
                        choice.value = { ...choice.value, way: one.way }
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
                {depths.map((k) => (
                  <option key={k} value={k}>
                    {k}
                  </option>
                ))}
              </select>
            </label>
            <Filters values={filters} />
          </div>
        </form>
      </search>
      {found.problem.value !== null && (
        <Failure problem={found.problem.value} again={() => void found.reload()} />
      )}
      {found.data.value !== null ? (
        <Found results={found.data.value} models={models} k={topK.value} stale={found.loading.value} />
      ) : found.loading.value ? (
        <Loading what="passages" rows={3} />
      ) : (
        key === null && (
          <Empty title={nowhere ? 'Choose a model' : 'What do you want to know?'}>
            <p>Choose two models to see which passages both find and which only one finds.</p>
          </Empty>
        )
      )}
    </>
  )

  function submit(event: Event): void {
    event.preventDefault()
    const wanted = text.value.trim()
    if (query.value === wanted) void found.reload()
    query.value = wanted
  }
}
