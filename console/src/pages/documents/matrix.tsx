import { type Signal, useSignal } from '@preact/signals'
import { type Problem, problemOf, request } from '../../api/request.ts'
import type { DocumentEmbeddings, EmbedReport, Model, StoredDocument } from '../../api/shapes.ts'
import { count, counted } from '../../format.ts'
import { byName, laneClass } from '../../models.ts'
import { announce } from '../../parts/announce.tsx'
import { StateChip } from '../../parts/model-name.tsx'
import { Failure } from '../../parts/states.tsx'

/** Models × chunks: a dot for each chunk, hollow where the model has no vector. */
export function Matrix({
  document,
  embeddings,
  models,
  path,
  lit,
  reload,
}: {
  document: StoredDocument
  embeddings: DocumentEmbeddings
  models: readonly Model[]
  path: string
  lit: Signal<string | null>
  reload: () => Promise<void>
}) {
  const busy = useSignal<string | null>(null)
  const problem = useSignal<Problem | null>(null)
  const rows = embeddings.models.filter((model) => model.state !== 'retired')
  const full = rows.filter((model) => model.embeddings > 0 || model.state !== 'registered')
  const none = rows.filter((model) => !full.includes(model))
  return (
    <>
      <h2>Vectors</h2>
      <p class="quiet">{counted(document.chunks, 'chunk')}. A hollow dot is a chunk without a vector.</p>
      {problem.value !== null && <Failure problem={problem.value} />}
      <ul class="matrix">
        {full.map((row) => {
          const missing = new Set(row.missing)
          return (
            <li key={row.model_name} class={laneClass(byName(models, row.model_name))}>
              <div class="matrix-head">
                <strong>{row.model_name}</strong>
                <StateChip state={row.state} />
              </div>
              <div class="matrix-beads" aria-hidden="true">
                {document.chunk_list.slice(0, 400).map((chunk) => (
                  <button
                    type="button"
                    tabIndex={-1}
                    key={chunk.id}
                    data-on={row.embeddings > 0 && !missing.has(chunk.id)}
                    data-lit={lit.value === chunk.id}
                    onPointerEnter={() => {
                      lit.value = chunk.id
                    }}
                    onClick={() => show(chunk.id)}
                  />
                ))}
              </div>
              <p class="matrix-foot">
                <span class="quiet">
                  {count(row.embeddings)} of {count(embeddings.chunks)}
                </span>
                {row.coverage < 1 && <Embed name={row.model_name} busy={busy.value} onEmbed={embed} />}
              </p>
            </li>
          )
        })}
      </ul>
      {none.length > 0 && (
        <details class="matrix-others">
          <summary>{counted(none.length, 'model')} without vectors of this document</summary>
          <ul>
            {none.map((row) => (
              <li key={row.model_name}>
                {row.model_name} <Embed name={row.model_name} busy={busy.value} onEmbed={embed} />
              </li>
            ))}
          </ul>
        </details>
      )}
    </>
  )

  function show(chunk: string): void {
    globalThis.document
      .querySelector(`.chunk[data-chunk="${CSS.escape(chunk)}"]`)
      ?.scrollIntoView({ block: 'center' })
  }

  async function embed(name: string): Promise<void> {
    busy.value = name
    problem.value = null
    try {
      const report = await request<EmbedReport>('PUT', `${path}/embeddings?model=${encodeURIComponent(name)}`)
      announce(`${counted(report.embedded + report.reused, 'vector')} made with ${name}.`)
      await reload()
    } catch (error) {
      problem.value = problemOf(error)
    }
    busy.value = null
  }
}

function Embed({
  name,
  busy,
  onEmbed,
}: {
  name: string
  busy: string | null
  onEmbed: (name: string) => Promise<void>
}) {
  return (
    <button type="button" class="button small" disabled={busy !== null} onClick={() => void onEmbed(name)}>
      {busy === name ? 'Embedding…' : 'Embed'}
      <span class="unseen"> it with {name}</span>
    </button>
  )
}
