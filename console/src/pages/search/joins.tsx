import type { Signal } from '@preact/signals'
import { useSignal } from '@preact/signals'
import type { RefObject } from 'preact'
import { useLayoutEffect } from 'preact/hooks'
import type { Model, SearchResult } from '../../api/shapes.ts'
import { byName, laneClass } from '../../models.ts'

interface Join {
  readonly chunk: string
  readonly path: string
  readonly from: string
}

/** Lines between neighbouring lists that connect the same passage. Measured, because cards differ in height. */
export function Joins({
  results,
  models,
  lit,
  place,
}: {
  results: readonly SearchResult[]
  models: readonly Model[]
  lit: Signal<string | null>
  place: RefObject<HTMLDivElement>
}) {
  const joins = useSignal<readonly Join[]>([])

  useLayoutEffect(() => {
    const around = place.current
    if (around === null) return
    const measure = (): void => {
      joins.value = measured(around, results)
    }
    const observer = new ResizeObserver(measure)
    for (const list of around.querySelectorAll('ol')) observer.observe(list)
    measure()
    return () => observer.disconnect()
  }, [results, place, joins])

  return (
    <svg class="joins" aria-hidden="true">
      {joins.value.map((join) => (
        <path
          key={`${join.from} ${join.chunk}`}
          class={laneClass(byName(models, join.from))}
          d={join.path}
          data-lit={lit.value === join.chunk}
          data-dim={lit.value !== null && lit.value !== join.chunk}
        />
      ))}
    </svg>
  )
}

function measured(around: HTMLElement, results: readonly SearchResult[]): readonly Join[] {
  const frame = around.getBoundingClientRect()
  const lists = [...around.querySelectorAll('ol')]
  // On a narrow screen the lists are below each other, with no room for lines.
  const tops = new Set(lists.map((list) => Math.round(list.getBoundingClientRect().left)))
  if (tops.size < lists.length) return []
  const spots = lists.map(
    (list) =>
      new Map(
        [...list.querySelectorAll<HTMLElement>(':scope > li')].map((card) => {
          const { left, right, top } = card.getBoundingClientRect()
          return [
            card.dataset['chunk'] ?? '',
            { left: left - frame.left, right: right - frame.left, y: top - frame.top + 26 },
          ]
        }),
      ),
  )
  return spots.slice(0, -1).flatMap((here, at) => {
    const next = spots[at + 1]
    const from = results[at]?.models[0] ?? ''
    return [...here].flatMap(([chunk, a]) => {
      const b = next?.get(chunk)
      if (b === undefined) return []
      const bend = (b.left - a.right) / 2
      return [
        {
          chunk,
          from,
          path: `M${a.right} ${a.y}C${a.right + bend} ${a.y} ${b.left - bend} ${b.y} ${b.left} ${b.y}`,
        },
      ]
    })
  })
}
