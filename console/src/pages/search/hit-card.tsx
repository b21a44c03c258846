import { useSignal } from '@preact/signals'
import { useMemo } from 'preact/hooks'
import type { Hit } from '../../api/shapes.ts'
import { date } from '../../format.ts'
import { type Block, blocksOf, textOf } from '../../markdown/blocks.ts'
import { shortened } from '../../markdown/shorten.ts'
import { Place } from '../../parts/passage.tsx'
import { Blocks } from '../../parts/prose.tsx'

/** Characters of a passage shown at first. */
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
  aside?: string
}) {
  const whole = useSignal(false)
  const blocks = useMemo(() => withoutHeading(hit), [hit])
  const part = shortened(blocks, short)
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
            <span class="unseen">score </span>
            {hit.score.toFixed(3)}
          </span>
        </div>
        <Blocks blocks={whole.value ? blocks : (part ?? blocks)} />
        <p class="hit-foot">
          {part !== null && (
            <button
              type="button"
              class="text-button"
              aria-expanded={whole.value}
              onClick={() => {
                whole.value = !whole.value
              }}
            >
              {whole.value ? 'Show less' : 'Show whole passage'}
            </button>
          )}
          <span class="quiet">
            {aside}
            {aside !== undefined && hit.updated_at !== null && ' · '}
            {hit.updated_at !== null && <time dateTime={hit.updated_at}>changed {date(hit.updated_at)}</time>}
          </span>
        </p>
      </div>
    </li>
  )
}

/** The place above the passage shows the heading already. */
function withoutHeading({ content, title, heading_path: headings }: Hit): readonly Block[] {
  const blocks = blocksOf(content)
  const [first, ...rest] = blocks
  const told = first?.kind === 'head' && [title, ...headings].includes(textOf(first))
  return told && rest.length > 0 ? rest : blocks
}
