import { useSignal } from '@preact/signals'
import { giveKey, keyWanted } from '../api/request.ts'
import { Dialog } from './dialog.tsx'

export function KeyDialog({ wrong }: { wrong: boolean }) {
  const key = useSignal('')
  return (
    <Dialog title={wrong ? 'This key is not accepted' : 'This service asks for a key'} onClose={close}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          if (key.value.trim() !== '') giveKey(key.value.trim())
        }}
      >
        <div class="dialog-words">
          <p>
            Keys are made with <code>revector keys create</code>. It is kept for this tab only.
          </p>
          <label class="field">
            <span>Key</span>
            <input
              type="password"
              autocomplete="off"
              required
              value={key.value}
              onInput={(event) => {
                key.value = event.currentTarget.value
              }}
            />
          </label>
        </div>
        <footer>
          <button type="submit" class="button primary">
            Use this key
          </button>
        </footer>
      </form>
    </Dialog>
  )

  function close(): void {
    keyWanted.value = 'declined'
  }
}
