import type { Signal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import type { Chunk, StoredDocument } from '../../api/shapes.ts'
import { Prose } from '../../parts/prose.tsx'
import { route } from '../../route.ts'

interface Piece {
  readonly text: string
  /** The chunk, or null for text between chunks. */
  readonly chunk: Chunk | null
  readonly place: number
}

/** The text with its chunks marked in the margin. Where chunks overlap, the later one begins where the earlier ends. */
export function MarkedText({ document, lit }: { document: StoredDocument; lit: Signal<string | null> }) {
  const pieces = piecesOf(document)
  const wanted = route.value.query.get('chunk')
  const text = useRef<HTMLElement>(null)

  useEffect(() => {
    if (wanted === null) return
    const mark = text.current?.querySelector<HTMLElement>(`[data-chunk="${CSS.escape(wanted)}"]`)
    mark?.scrollIntoView({ block: 'center' })
    lit.value = wanted
  }, [wanted, lit])

  return (
    <article class="marked" ref={text} aria-label="Text">
      {pieces.map((piece) =>
        piece.chunk === null ? (
          <Prose key={`between ${piece.place}`} text={piece.text} />
        ) : (
          <section
            key={piece.chunk.id}
            class="chunk"
            data-chunk={piece.chunk.id}
            data-lit={lit.value === piece.chunk.id}
            aria-label={`Chunk ${piece.place + 1}`}
            onPointerEnter={() => {
              lit.value = piece.chunk?.id ?? null
            }}
          >
            <span class="chunk-number" aria-hidden="true">
              {piece.place + 1}
            </span>
            <Prose text={piece.text} />
            {piece.chunk.page !== null && <span class="chunk-page">page {piece.chunk.page}</span>}
          </section>
        ),
      )}
    </article>
  )
}

function piecesOf({ content, chunk_list: chunks }: StoredDocument): readonly Piece[] {
  const known =
    content !== null && chunks.every((chunk) => chunk.start_offset !== null && chunk.end_offset !== null)
  if (!known || content === null) return chunks.map((chunk, place) => ({ text: chunk.content, chunk, place }))
  const pieces: Piece[] = []
  let at = 0
  for (const [place, chunk] of chunks.entries()) {
    const start = Math.max(at, chunk.start_offset ?? 0)
    const end = Math.max(start, chunk.end_offset ?? 0)
    const between = content.slice(at, start)
    if (between.trim() !== '') pieces.push({ text: between.trim(), chunk: null, place })
    pieces.push({ text: content.slice(start, end).trim(), chunk, place })
    at = end
  }
  if (content.slice(at).trim() !== '')
    pieces.push({ text: content.slice(at).trim(), chunk: null, place: chunks.length })
  return pieces
}
