import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { get, type Problem, problemOf } from '../../api/request.ts'
import { useResource } from '../../api/resource.ts'
import type { Model, Sample, StoredDocument } from '../../api/shapes.ts'
import { counted, percent } from '../../format.ts'
import { byName, laneClass } from '../../models.ts'
import { Icon } from '../../parts/icon.tsx'
import { Place } from '../../parts/passage.tsx'
import { Prose } from '../../parts/prose.tsx'
import { Failure, Loaded } from '../../parts/states.tsx'
import { type Layout, project, turnedTowards } from './project.ts'
import { Scatter } from './scatter.tsx'

type ChunkPlace = Sample['chunks'][number]

/** One map, or two side by side that share what is pointed at and chosen. */
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
        <p>Laying out the chunks: {percent(share.value)}</p>
        <progress max={1} value={share.value} aria-label="Laying out the chunks" />
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
        `${name} has vectors of ${counted(sample.chunks.length, 'chunk')} only, too few for a map.`,
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

export interface ColouredDocument {
  readonly id: string
  readonly title: string
  readonly chunks: number
  /** `--l0` … `--l7`; the ninth and further ones are grey. */
  readonly colour: string
}

/** The largest first; eight of them get a colour. */
function documentsOf(layouts: readonly Layout[]): readonly ColouredDocument[] {
  const found = new Map<string, { title: string; chunks: number }>()
  for (const chunk of layouts[0]?.sample.chunks ?? []) {
    const entry = found.get(chunk.document_id) ?? { title: chunk.title, chunks: 0 }
    entry.chunks += 1
    found.set(chunk.document_id, entry)
  }
  // Neighbours in the legend are far apart in hue.
  const hues = [0, 4, 5, 7, 6, 3, 1, 2]
  return [...found]
    .toSorted(([, a], [, b]) => b.chunks - a.chunks)
    .map(([id, { title, chunks }], at) => ({
      id,
      title,
      chunks,
      colour: at < 8 ? `--l${hues[at]}` : '--faint',
    }))
}

function Legend({
  documents,
  chosen,
  onChoose,
}: {
  documents: readonly ColouredDocument[]
  chosen: string | null
  onChoose: (id: string) => void
}) {
  return (
    <ul class="map-legend" aria-label="Documents">
      {documents.slice(0, 24).map((document) => (
        <li key={document.id}>
          <button type="button" aria-pressed={chosen === document.id} onClick={() => onChoose(document.id)}>
            <i aria-hidden="true" style={{ background: `var(${document.colour})` }} />
            {document.title}
            <span class="quiet">{document.chunks}</span>
          </button>
        </li>
      ))}
      {documents.length > 24 && <li class="quiet">and {documents.length - 24} more</li>}
    </ul>
  )
}

function Picked({ chunk, onClose }: { chunk: ChunkPlace; onClose: () => void }) {
  const path = `/api/v1/documents/${encodeURIComponent(chunk.document_id)}`
  const stored = useResource(path, (signal) => get<StoredDocument>(path, signal))
  return (
    <aside class="card picked" aria-label="Chosen passage">
      <Loaded of={stored} what="the passage" rows={1}>
        {(document) => {
          const passage = document.chunk_list.find((one) => one.id === chunk.chunk_id)
          return (
            <>
              <div class="card-head">
                <Place
                  documentId={document.id}
                  chunkId={chunk.chunk_id}
                  title={document.title}
                  headings={passage?.heading_path ?? []}
                  page={passage?.page ?? null}
                />
                <button type="button" class="plain" aria-label="Close the passage" onClick={onClose}>
                  <Icon name="cross" size={16} />
                </button>
              </div>
              <Prose text={passage?.content ?? 'This chunk is gone meanwhile.'} />
            </>
          )
        }}
      </Loaded>
    </aside>
  )
}
