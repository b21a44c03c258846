import { signal } from '@preact/signals'

const said = signal('')

/** Announces an event to screen readers. */
export function announce(text: string): void {
  // A screen reader only announces changed text, and the same text again is another event.
  said.value = said.value === text ? `${text} ` : text
}

export function Announcer() {
  return (
    <div class="unseen" aria-live="polite" role="status">
      {said.value}
    </div>
  )
}
