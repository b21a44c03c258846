import { useSignal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import { type Problem, problemOf } from '../api/request.ts'
import { announce } from './announce.tsx'
import { Dialog } from './dialog.tsx'
import { Failure } from './states.tsx'

/** Says what will happen and asks for confirmation. A failure is shown in the dialog. */
export function Confirm({
  title,
  children,
  yes,
  danger = false,
  ready = true,
  act,
  onClose,
}: {
  title: string
  children: ComponentChildren
  yes: string
  danger?: boolean
  ready?: boolean
  act: () => Promise<string>
  onClose: () => void
}) {
  const busy = useSignal(false)
  const problem = useSignal<Problem | null>(null)
  return (
    <Dialog title={title} onClose={onClose}>
      <div class="dialog-words">{children}</div>
      {problem.value !== null && <Failure problem={problem.value} />}
      <footer>
        <button type="button" class="button" onClick={onClose}>
          Keep as is
        </button>
        <button
          type="button"
          class={danger ? 'button danger' : 'button primary'}
          disabled={busy.value || !ready}
          onClick={() => void confirm()}
        >
          {busy.value ? 'Working…' : yes}
        </button>
      </footer>
    </Dialog>
  )

  async function confirm(): Promise<void> {
    busy.value = true
    problem.value = null
    try {
      announce(await act())
      onClose()
    } catch (error) {
      problem.value = problemOf(error)
      busy.value = false
    }
  }
}
