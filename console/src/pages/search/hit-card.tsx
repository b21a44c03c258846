import { useSignal } from '@preact/signals'
import type { Hit } from '../../api/shapes.ts'
import { Place } from '../../parts/passage.tsx'
import { Prose } from '../../parts/prose.tsx'

const short = 260

export function HitCard({
  hit,
  lit,
  onLight,
  aside,
}: {
  hit: Hit
  lit: boolean
  onLight?: (chunk: string | null) => void
  aside?: string | undefined
}) {
  const whole = useSignal(false)
  const long = hit.content.length > short + 40
  return (
    <li
      class="hit"
      data-chunk={hit.chunk_id}
      data-lit={lit}
      onPointerEnter={() => onLight?.(hit.chunk_id)}
      onPointerLeave={() => onLight?.(null)}
      onFocusCapture={() => onLight?.(hit.chunk_id)}
      onBlurCapture={() => onLight?.(null)}
    >
      <span class="rank">{hit.rank}</span>
      <div class="hit-body">
        <div class="hit-head">
          <Place
            documentId={hit.document_id}
            chunkId={hit.chunk_id}
            title={hit.title}
            headings={hit.heading_path}
            page={hit.page}
          />
          <span class="score" title={`distance ${hit.distance.toFixed(4)}`}>
            {hit.score.toFixed(3)}
          </span>
        </div>
        <Prose text={long && !whole.value ? `${hit.content.slice(0, short).trimEnd()}…` : hit.content} />
        <p class="hit-foot">
          {long && (
            <button
              type="button"
              class="text-button"
              aria-expanded={whole.value}
              onClick={() => {
                whole.value = !whole.value
              }}
            >
              {whole.value ? 'Less' : 'Whole passage'}
            </button>
          )}
          {aside !== undefined && <span class="quiet">{aside}</span>}
        </p>
      </div>
    </li>
  )
}
