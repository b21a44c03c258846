import { type Signal, useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import type { Sample } from '../../api/shapes.ts'
import { announce } from '../../parts/announce.tsx'
import type { ColouredDocument } from './atlas.tsx'
import type { Layout } from './project.ts'

type ChunkPlace = Sample['chunks'][number]
const margin = 18

/** Points on a canvas. Arrow keys go to the next point that way, Enter opens its passage. */
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
    const again = (): void => {
      theme.value += 1
    }
    const themes = new MutationObserver(again)
    themes.observe(globalThis.document.documentElement, { attributeFilter: ['data-theme'] })
    const system = matchMedia('(prefers-color-scheme: dark)')
    system.addEventListener('change', again)
    return () => {
      sizes.disconnect()
      themes.disconnect()
      system.removeEventListener('change', again)
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
      // biome-ignore lint/a11y/noNoninteractiveTabindex: its points are gone through by keyboard
      tabIndex={0}
      role="application"
      aria-label={`Map of ${chunks.length} chunks in ${layout.sample.model_name}. Arrow keys go from chunk to chunk, Enter opens one.`}
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

const ways: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
}

/** The nearest in a direction; what lies aside counts double. */
function nextPoint({ points }: Layout, here: number, [dx, dy]: readonly [number, number]): number {
  const from = points[here] ?? [0, 0]
  let best = Number.POSITIVE_INFINITY
  let found = here
  for (const [at, [x, y]] of points.entries()) {
    const along = (x - from[0]) * dx + (y - from[1]) * dy
    if (at === here || along <= 0) continue
    const aside = Math.abs((x - from[0]) * dy) + Math.abs((y - from[1]) * dx)
    if (along + aside * 2 < best) [best, found] = [along + aside * 2, at]
  }
  return found
}

function spotsOf({ points }: Layout, width: number, height: number): readonly (readonly [number, number])[] {
  const reach = Math.min(width, height) / 2 - margin
  return points.map(([x, y]) => [width / 2 + x * reach, height / 2 + y * reach] as const)
}

function paint(
  canvas: HTMLCanvasElement,
  layout: Layout,
  documents: readonly ColouredDocument[],
  { pointed, picked, document }: { pointed: string | null; picked: string | null; document: string | null },
): void {
  const { clientWidth: width, clientHeight: height } = canvas
  const ratio = devicePixelRatio
  canvas.width = width * ratio
  canvas.height = height * ratio
  const pen = canvas.getContext('2d')
  if (pen === null) return
  const style = getComputedStyle(canvas)
  const ink = style.getPropertyValue('--ink')
  const ground = style.getPropertyValue('--surface')
  const colours = new Map(documents.map(({ id, colour }) => [id, style.getPropertyValue(colour)]))
  const size = Math.max(3.5, Math.min(7, width / Math.sqrt(layout.points.length) / 6))
  pen.scale(ratio, ratio)
  for (const [at, [x, y]] of spotsOf(layout, width, height).entries()) {
    const chunk = layout.sample.chunks[at]
    if (chunk === undefined) continue
    const marked = chunk.chunk_id === pointed || chunk.chunk_id === picked
    pen.globalAlpha = marked ? 1 : document === null ? 0.82 : chunk.document_id === document ? 1 : 0.14
    pen.fillStyle = colours.get(chunk.document_id) ?? ink
    pen.beginPath()
    pen.arc(x, y, marked ? size + 3.5 : size, 0, Math.PI * 2)
    pen.fill()
    pen.lineWidth = marked ? 2.5 : 1
    pen.strokeStyle = marked ? ink : ground
    pen.stroke()
  }
}
