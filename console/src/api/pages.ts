import { type ReadonlySignal, useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { type Problem, problemOf } from './request.ts'

/** The pages after the first that the user has loaded. */
export interface FurtherPages<Item> {
  readonly items: ReadonlySignal<readonly Item[]>
  /** Whether there is another page. */
  readonly more: ReadonlySignal<boolean>
  readonly busy: ReadonlySignal<boolean>
  readonly problem: ReadonlySignal<Problem | null>
  readonly load: () => Promise<void>
}

/** Pages through a list by cursor. If the first page reloads and ends at the same cursor, the further pages stay.
 * @param first the cursor after the first page; null: there is no other page, undefined: not loaded yet
 */
export function useFurtherPages<Item>(
  first: string | null | undefined,
  load: (after: string) => Promise<{ readonly items: readonly Item[]; readonly next: string | null }>,
): FurtherPages<Item> {
  const items = useSignal<readonly Item[]>([])
  const next = useSignal<string | null>(null)
  const more = useSignal(false)
  const busy = useSignal(false)
  const problem = useSignal<Problem | null>(null)
  const turn = useRef(0)

  useEffect(() => {
    turn.current += 1
    items.value = []
    next.value = first ?? null
    more.value = next.value !== null
    problem.value = null
    busy.value = false
  }, [first, items, next, more, problem, busy])

  return {
    items,
    more,
    busy,
    problem,
    async load() {
      const mine = turn.current
      const after = next.value
      if (after === null || busy.value) return
      busy.value = true
      try {
        const page = await load(after)
        if (turn.current !== mine) return
        items.value = [...items.value, ...page.items]
        next.value = page.next
        more.value = page.next !== null
        problem.value = null
      } catch (error) {
        if (turn.current !== mine) return
        problem.value = problemOf(error)
      }
      busy.value = false
    },
  }
}
