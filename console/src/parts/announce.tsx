import { signal } from '@preact/signals'

const said = signal('')

/** Tells what happened to whoever can't see it happen. */
export function announce(text: string): void {
  // The same words again are another event.
  said.value = said.value === text ? `${text} ` : text
}

export function Announcer() {
  return (
    <div class="unseen" aria-live="polite" role="status">
      {said.value}
    </div>
  )
}
