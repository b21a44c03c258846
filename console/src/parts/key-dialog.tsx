import { useSignal } from '@preact/signals'
import { keyWanted, setKey } from '../api/request.ts'
import { Dialog } from './dialog.tsx'

export function KeyDialog({ wrong }: { wrong: boolean }) {
  const key = useSignal('')
  return (
    <Dialog title={wrong ? 'This key is not accepted' : 'This service needs an API key'} onClose={close}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          if (key.value.trim() !== '') setKey(key.value.trim())
        }}
      >
        <div class="dialog-words">
          <p>
            Create a key with <code>revector keys create</code>. The browser keeps it for this tab only.
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
