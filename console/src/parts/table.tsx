import type { ComponentChildren } from 'preact'
import type { FurtherPages } from '../api/pages.ts'
import { Failure } from './states.tsx'

interface Column {
  readonly name: string
  readonly number?: boolean
  /** Left out on a narrow screen. */
  readonly spare?: boolean
}

/** Rows under named columns; cells carry their column's classes themselves. */
export function Table({ columns, children }: { columns: readonly Column[]; children: ComponentChildren }) {
  return (
    <div class="scroll">
      <table>
        <thead>
          <tr>
            {columns.map(({ name, number = false, spare = false }) => (
              <th key={name} scope="col" class={`${number ? 'number' : ''} ${spare ? 'spare' : ''}`.trim()}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  )
}

/** A button that loads the next page of a list. */
export function More<Item>({ pages, what }: { pages: FurtherPages<Item>; what: string }) {
  return (
    <>
      {pages.problem.value !== null && <Failure problem={pages.problem.value} />}
      {pages.more.value && (
        <p class="more">
          <button type="button" class="button" disabled={pages.busy.value} onClick={() => void pages.load()}>
            {pages.busy.value ? 'Loading…' : `More ${what}`}
          </button>
        </p>
      )}
    </>
  )
}
