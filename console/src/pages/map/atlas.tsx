import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { get, type Problem, problemOf } from '../../api/request.ts'
import type { Model, Sample } from '../../api/shapes.ts'
import { counted, percent } from '../../format.ts'
import { byName, laneClass } from '../../models.ts'
import { Failure } from '../../parts/states.tsx'
import { documentsOf, Legend } from './legend.tsx'
import { type ChunkPlace, Picked } from './picked.tsx'
import { type Layout, project, turnedTowards } from './project.ts'
import { Scatter } from './scatter.tsx'

/** One map, or two side by side that highlight and select the same chunks. */
export function Atlas({
  models,
  chosen,
  limit,
}: {
  models: readonly Model[]
  chosen: readonly string[]
  limit: number
}) {
  const layouts = useSignal<readonly Layout[]>([])
  const share = useSignal(0)
  const problem = useSignal<Problem | null>(null)
  const pointed = useSignal<string | null>(null)
  const picked = useSignal<ChunkPlace | null>(null)
  const document = useSignal<string | null>(null)
  const key = `${chosen.join(',')} ${limit}`

  useEffect(() => {
    const stop = new AbortController()
    layouts.value = []
    share.value = 0
    problem.value = null
    picked.value = null
    draw(chosen, limit, stop.signal, (done) => {
      share.value = done
    }).then(
      (drawn) => {
        if (!stop.signal.aborted) layouts.value = drawn
      },
      (error) => {
        if (!stop.signal.aborted) problem.value = problemOf(error)
      },
    )
    return () => stop.abort()
  }, [key])

  if (problem.value !== null) return <Failure problem={problem.value} />
  if (layouts.value.length === 0) {
    return (
      <div class="map-wait" role="status">
        <p>Arranging the chunks: {percent(share.value)}</p>
        <progress max={1} value={share.value} aria-label="Arranging the chunks" />
      </div>
    )
  }
  const documents = documentsOf(layouts.value)
  return (
    <>
      <div class="maps">
        {layouts.value.map((layout) => (
          <figure key={layout.sample.model_name} class={laneClass(byName(models, layout.sample.model_name))}>
            <figcaption>
              <strong>{layout.sample.model_name}</strong>
              <span class="quiet">{counted(layout.sample.chunks.length, 'chunk')}</span>
            </figcaption>
            <Scatter
              layout={layout}
              documents={documents}
              pointed={pointed}
              picked={picked}
              document={document}
            />
          </figure>
        ))}
      </div>
      <Legend documents={documents} chosen={document.value} onChoose={choose} />
      {picked.value !== null && (
        <Picked
          chunk={picked.value}
          onClose={() => {
            picked.value = null
          }}
        />
      )}
    </>
  )

  function choose(id: string): void {
    document.value = document.value === id ? null : id
  }
}

async function draw(
  chosen: readonly string[],
  limit: number,
  signal: AbortSignal,
  onProgress: (share: number) => void,
): Promise<readonly Layout[]> {
  const layouts: Layout[] = []
  for (const [at, name] of chosen.entries()) {
    const path = `/api/v1/models/${encodeURIComponent(name)}/sample?limit=${limit}`
    const sample = await get<Sample>(path, signal)
    if (sample.chunks.length < 5) {
      throw new Error(
        `${name} has vectors of only ${counted(sample.chunks.length, 'chunk')}; a map needs at least 5.`,
      )
    }
    const layout = await project(sample, {
      signal,
      onProgress: (share) => onProgress((at + share) / chosen.length),
    })
    const first = layouts[0]
    layouts.push(first === undefined ? layout : turnedTowards(layout, first))
  }
  return layouts
}
