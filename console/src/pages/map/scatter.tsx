import { type Signal, useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { counted } from '../../format.ts'
import { announce } from '../../parts/announce.tsx'
import type { ColouredDocument } from './legend.tsx'
import { nextPoint, paint, spotsOf, ways } from './paint.ts'
import type { ChunkPlace } from './picked.tsx'
import type { Layout } from './project.ts'

/** Points on a canvas. Arrow keys move to the next point in their direction, Enter opens its passage. */
export function Scatter({
  layout,
  documents,
  pointed,
  picked,
  document,
}: {
  layout: Layout
  documents: readonly ColouredDocument[]
  pointed: Signal<string | null>
  picked: Signal<ChunkPlace | null>
  document: Signal<string | null>
}) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const size = useSignal(0)
  const theme = useSignal(0)
  const { chunks } = layout.sample

  useEffect(() => {
    const element = canvas.current
    if (element === null) return
    const sizes = new ResizeObserver(() => {
      size.value = element.clientWidth
    })
    sizes.observe(element)
    const themes = new MutationObserver(() => {
      theme.value += 1
    })
    themes.observe(globalThis.document.documentElement, { attributeFilter: ['data-theme'] })
    return () => {
      sizes.disconnect()
      themes.disconnect()
    }
  }, [size, theme])

  const seen = pointed.value
  const open = picked.value?.chunk_id ?? null
  const one = document.value
  useEffect(() => {
    if (canvas.current !== null)
      paint(canvas.current, layout, documents, { pointed: seen, picked: open, document: one })
  }, [layout, documents, seen, open, one, size.value, theme.value])

  const label = chunks.find((chunk) => chunk.chunk_id === seen)
  return (
    <div
      class="scatter"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: arrow keys move between its points
      tabIndex={0}
      role="application"
      aria-label={`Map of ${counted(chunks.length, 'chunk')} in ${layout.sample.model_name}. Arrow keys move from chunk to chunk, Enter opens one.`}
      onPointerMove={(event) => {
        pointed.value = near(event)?.chunk_id ?? null
      }}
      onPointerLeave={() => {
        pointed.value = null
      }}
      onClick={(event) => {
        const chunk = near(event)
        if (chunk !== undefined) picked.value = chunk
      }}
      onKeyDown={onKey}
    >
      <canvas ref={canvas} />
      {label !== undefined && (
        <p class="scatter-label" aria-hidden="true">
          {label.title}
        </p>
      )}
    </div>
  )

  function near(event: MouseEvent): ChunkPlace | undefined {
    const element = canvas.current
    if (element === null) return undefined
    const spots = spotsOf(layout, element.clientWidth, element.clientHeight)
    let best = 22
    let found: ChunkPlace | undefined
    for (const [at, [x, y]] of spots.entries()) {
      const distance = Math.hypot(x - event.offsetX, y - event.offsetY)
      if (distance < best) [best, found] = [distance, chunks[at]]
    }
    return found
  }

  function onKey(event: KeyboardEvent): void {
    const here = chunks.findIndex((chunk) => chunk.chunk_id === pointed.value)
    if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault()
      picked.value = chunks[here] ?? null
      return
    }
    const way = ways[event.key]
    if (way === undefined) return
    event.preventDefault()
    const next = chunks[here < 0 ? 0 : nextPoint(layout, here, way)]
    if (next === undefined) return
    pointed.value = next.chunk_id
    announce(`${next.title}${next.position === null ? '' : `, chunk ${next.position + 1}`}`)
  }
}
