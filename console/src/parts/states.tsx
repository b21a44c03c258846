import type { ComponentChildren } from 'preact'
import { askForKey, type Problem } from '../api/request.ts'
import type { Resource } from '../api/resource.ts'
import { Icon } from './icon.tsx'

/** Shown where there is no data: says what belongs here and how to add it. */
export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <section class="empty">
      <svg width="220" height="72" viewBox="0 0 220 72" aria-hidden="true">
        <path d="M8 18h70c34 0 30 36 64 36h70" />
        <path d="M8 54h54M158 18h54" />
        <circle cx="8" cy="18" r="4.5" />
        <circle cx="212" cy="54" r="4.5" />
      </svg>
      <h2>{title}</h2>
      <div class="empty-words">{children}</div>
    </section>
  )
}

/** A placeholder while data loads. */
export function Loading({ what, rows = 3 }: { what: string; rows?: number }) {
  return (
    <div class="loading" role="status">
      <span class="unseen">Loading {what}</span>
      {Array.from({ length: rows }, (_, row) => (
        <i key={row} aria-hidden="true" />
      ))}
    </div>
  )
}

export function Failure({ problem, again }: { problem: Problem; again?: () => void }) {
  return (
    <section class="failure" role="alert">
      <Icon name="warn" />
      <div>
        <p>
          <strong>{problem.detail}</strong>
        </p>
        {problem.hint !== '' && problem.status !== 401 && <p>{problem.hint.replaceAll('`', '')}</p>}
        <p class="quiet">
          {problem.code}
          {typeof problem['request_id'] === 'string' && ` · request ${problem['request_id']}`}
        </p>
        {problem.status === 401 ? (
          <button type="button" class="button" onClick={askForKey}>
            Enter a key
          </button>
        ) : (
          again !== undefined &&
          ![404, 422].includes(problem.status) && (
            <button type="button" class="button" onClick={again}>
              Try again
            </button>
          )
        )}
      </div>
    </section>
  )
}

/** Shows loaded data; before that a placeholder, or the failure. */
export function Loaded<T>({
  of,
  what,
  rows,
  children,
}: {
  of: Resource<T>
  what: string
  rows?: number
  children: (data: T) => ComponentChildren
}) {
  const data = of.data.value
  const problem = of.problem.value
  if (data === null) {
    if (problem?.code === 'OFFLINE') {
      return (
        <p class="quiet" role="alert">
          Cannot load {what} until the service responds.
        </p>
      )
    }
    if (problem !== null) return <Failure problem={problem} again={() => void of.reload()} />
    return <Loading what={what} {...(rows === undefined ? {} : { rows })} />
  }
  return (
    <>
      {problem !== null && problem.code !== 'OFFLINE' && (
        <Failure problem={problem} again={() => void of.reload()} />
      )}
      {children(data)}
    </>
  )
}
