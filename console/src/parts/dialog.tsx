import type { ComponentChildren } from 'preact'
import { useEffect, useId, useRef } from 'preact/hooks'
import { Icon } from './icon.tsx'

/** Modal; Escape and the cross close it. The browser keeps the focus inside and restores it afterwards. */
export function Dialog({
  title,
  onClose,
  children,
}: {
  title: string
  onClose: () => void
  children: ComponentChildren
}) {
  const dialog = useRef<HTMLDialogElement>(null)
  const heading = useId()
  const gone = useRef(false)
  useEffect(() => {
    const opened = dialog.current
    opened?.showModal()
    // Focus the first field or button, not the cross.
    opened?.querySelector<HTMLElement>('input, footer button')?.focus()
    return () => {
      gone.current = true
      opened?.close()
    }
  }, [])
  return (
    <dialog ref={dialog} aria-labelledby={heading} onCancel={close} onClose={closed}>
      <header>
        <h2 id={heading}>{title}</h2>
        <button type="button" class="plain" aria-label="Close" onClick={onClose}>
          <Icon name="cross" />
        </button>
      </header>
      {children}
    </dialog>
  )

  /** Browsers can close a dialog without an event that could be cancelled. */
  function closed(): void {
    if (!gone.current) onClose()
  }

  function close(event: Event): void {
    event.preventDefault()
    onClose()
  }
}
