import { type ReadonlySignal, useSignal } from '@preact/signals'
import { useCallback, useEffect, useRef } from 'preact/hooks'
import { type Problem, problemOf, returns } from './request.ts'

/** Loaded data. The previous data stays while it reloads, and if reloading fails. */
export interface Resource<T> {
  readonly data: ReadonlySignal<T | null>
  readonly problem: ReadonlySignal<Problem | null>
  readonly loading: ReadonlySignal<boolean>
  readonly reload: () => Promise<void>
}

/** Loads when the page opens, when `key` changes, when the service is back, and every `every` milliseconds while the page
 * is visible. Data of another key is never shown.
 */
export function useResource<T>(
  key: string | null,
  load: (signal: AbortSignal) => Promise<T>,
  { every }: { every?: number } = {},
): Resource<T> {
  const data = useSignal<T | null>(null)
  const problem = useSignal<Problem | null>(null)
  const loading = useSignal(key !== null)
  const latest = useRef(load)
  latest.current = load
  const running = useRef<AbortController | null>(null)

  const reload = useCallback(async () => {
    running.current?.abort()
    const run = new AbortController()
    running.current = run
    loading.value = true
    try {
      const loaded = await latest.current(run.signal)
      if (run.signal.aborted) return
      data.value = loaded
      problem.value = null
    } catch (error) {
      if (run.signal.aborted) return
      problem.value = problemOf(error)
    }
    loading.value = false
  }, [data, problem, loading])

  useEffect(() => {
    data.value = null
    problem.value = null
    if (key === null) {
      loading.value = false
      return
    }
    void reload()
    const seen = returns.peek()
    const stop = returns.subscribe((count) => {
      if (count !== seen) void reload()
    })
    return () => {
      stop()
      running.current?.abort()
    }
  }, [key, reload, data, problem, loading])

  // A separate effect, because a new interval must not clear the data.
  useEffect(() => {
    if (key === null || every === undefined) return
    const timer = setInterval(() => {
      if (document.visibilityState === 'visible' && !loading.peek()) void reload()
    }, every)
    return () => clearInterval(timer)
  }, [key, every, reload, loading])

  return { data, problem, loading, reload }
}
