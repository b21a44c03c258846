import { useSignal } from '@preact/signals'
import { useRef } from 'preact/hooks'
import type { Model, SearchResult } from '../../api/shapes.ts'
import { counted, milliseconds, percent } from '../../format.ts'
import { byName, laneClass } from '../../models.ts'
import { HitCard } from './hit-card.tsx'
import { Joins } from './joins.tsx'

/** A list for each model, and what they have in common. */
export function Columns({
  results,
  models,
  k,
}: {
  results: readonly SearchResult[]
  models: readonly Model[]
  k: number
}) {
  const lit = useSignal<string | null>(null)
  const place = useRef<HTMLDivElement>(null)
  return (
    <>
      {results.length > 1 && <Overlaps results={results} k={k} />}
      <div class="columns" ref={place} data-count={results.length}>
        {results.length > 1 && <Joins results={results} models={models} lit={lit} place={place} />}
        {results.map((result, at) => (
          <Column
            key={result.models[0]}
            result={result}
            models={models}
            others={others(results, at)}
            lit={lit}
          />
        ))}
      </div>
    </>
  )
}

const others = (results: readonly SearchResult[], at: number): readonly SearchResult[] =>
  results.filter((_, place) => place !== at)

function Column({
  result,
  models,
  others,
  lit,
}: {
  result: SearchResult
  models: readonly Model[]
  others: readonly SearchResult[]
  lit: { value: string | null }
}) {
  const name = result.models[0] ?? ''
  const coverage = result.coverage[name] ?? 1
  return (
    <section class={`column ${laneClass(byName(models, name))}`} aria-label={`Found with ${name}`}>
      <header>
        <h2>{name}</h2>
        <p class="quiet">
          {counted(result.hits.length, 'passage')} in {milliseconds(result.took_ms)}
        </p>
        {coverage < 1 && <p class="incomplete">Searched only {percent(coverage)} of the chunks.</p>}
      </header>
      {result.hits.length === 0 && <p class="quiet">No passages found.</p>}
      <ol>
        {result.hits.map((hit) => (
          <HitCard
            key={hit.chunk_id}
            hit={hit}
            lit={lit.value === hit.chunk_id}
            onLight={(chunk) => {
              lit.value = chunk
            }}
            aside={others.length === 0 ? undefined : where(hit.chunk_id, others)}
          />
        ))}
      </ol>
    </section>
  )
}

/** The lines in words, for users who cannot see them. */
function where(chunk: string, others: readonly SearchResult[]): string {
  const found = others.flatMap((result) => {
    const hit = result.hits.find((one) => one.chunk_id === chunk)
    return hit === undefined ? [] : [`${hit.rank}. in ${result.models[0]}`]
  })
  return found.length === 0 ? 'only here' : found.join(', ')
}

/** overlap@k of each pair: the share of the first k that both found. */
function Overlaps({ results, k }: { results: readonly SearchResult[]; k: number }) {
  const pairs = results.flatMap((a, at) => results.slice(at + 1).map((b) => [a, b] as const))
  return (
    <dl class="overlaps">
      {pairs.map(([a, b]) => {
        const ids = new Set(a.hits.map((hit) => hit.chunk_id))
        const both = b.hits.filter((hit) => ids.has(hit.chunk_id)).length
        const most = Math.min(k, Math.max(a.hits.length, b.hits.length))
        return (
          <div key={`${a.models[0]} ${b.models[0]}`}>
            <dt>
              overlap@{k}
              {pairs.length > 1 && ` · ${a.models[0]} and ${b.models[0]}`}
            </dt>
            <dd>
              {both} of {most}
              <span class="beads" aria-hidden="true">
                {Array.from({ length: Math.min(most, 20) }, (_, bead) => (
                  <i
                    key={bead}
                    data-on={bead < Math.round((both / Math.max(1, most)) * Math.min(most, 20))}
                  />
                ))}
              </span>
            </dd>
          </div>
        )
      })}
    </dl>
  )
}
