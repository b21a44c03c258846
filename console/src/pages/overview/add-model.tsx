import { useSignal } from '@preact/signals'
import { type Problem, post, problemOf } from '../../api/request.ts'
import type { Model, NewModel } from '../../api/shapes.ts'
import { announce } from '../../parts/announce.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import { Failure } from '../../parts/states.tsx'

const providers: readonly NonNullable<NewModel['provider']>[] = [
  'openai',
  'openai-compatible',
  'cohere',
  'google',
  'mistral',
  'voyage',
  'transformers',
  'bundled',
  'lexical-hash',
]

export function AddModel({ onClose, onAdded }: { onClose: () => void; onAdded: (model: Model) => void }) {
  const busy = useSignal(false)
  const problem = useSignal<Problem | null>(null)
  return (
    <Dialog title="Add a model" onClose={onClose}>
      <form onSubmit={(event) => void add(event)}>
        <div class="dialog-words">
          <p>
            A model in the catalogue needs only its name. It gets its own table and HNSW index. Nothing is
            embedded until you migrate to it.
          </p>
          <label class="field">
            <span>Name</span>
            <input
              type="text"
              name="model_name"
              required
              placeholder="text-embedding-3-large"
              spellcheck={false}
            />
          </label>
          <details>
            <summary>A model that is not in the catalogue</summary>
            <div class="fields">
              <label class="field">
                <span>Provider</span>
                <select name="provider">
                  <option value="">From the catalogue</option>
                  {providers.map((name) => (
                    <option key={name}>{name}</option>
                  ))}
                </select>
              </label>
              <label class="field">
                <span>Dimensions</span>
                <input type="number" name="dimension" min={1} max={16000} />
              </label>
              <label class="field">
                <span>Name at the provider</span>
                <input type="text" name="remote_name" spellcheck={false} />
              </label>
              <label class="field">
                <span>Base URL</span>
                <input type="url" name="base_url" placeholder="http://127.0.0.1:11434/v1" />
              </label>
              <label class="field">
                <span>Document prefix</span>
                <input type="text" name="document_prefix" placeholder="passage: " />
              </label>
              <label class="field">
                <span>Query prefix</span>
                <input type="text" name="query_prefix" placeholder="query: " />
              </label>
            </div>
          </details>
        </div>
        {problem.value !== null && <Failure problem={problem.value} />}
        <footer>
          <button type="button" class="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" class="button primary" disabled={busy.value}>
            {busy.value ? 'Working…' : 'Add model'}
          </button>
        </footer>
      </form>
    </Dialog>
  )

  async function add(event: SubmitEvent): Promise<void> {
    event.preventDefault()
    const form = new FormData(event.currentTarget as HTMLFormElement)
    const filled = [...form].filter(([, value]) => value !== '')
    const body = Object.fromEntries(
      filled.map(([name, value]) => [name, name === 'dimension' ? Number(value) : value]),
    )
    busy.value = true
    problem.value = null
    try {
      const model = await post<Model>('/api/v1/models', body)
      announce(`${model.model_name} is registered.`)
      onAdded(model)
      onClose()
    } catch (error) {
      problem.value = problemOf(error)
      busy.value = false
    }
  }
}
