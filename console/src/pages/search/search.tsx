import { get } from '../../api/request.ts'
import { useResource } from '../../api/resource.ts'
import type { Model, Status } from '../../api/shapes.ts'
import { searchable } from '../../models.ts'
import { Empty, Loaded } from '../../parts/states.tsx'
import { Desk } from './desk.tsx'

export function Search() {
  // Anew from time to time: a migration may begin, or end.
  const status = useResource('status', (signal) => get<Status>('/api/v1/status', signal), { every: 10_000 })
  return (
    <>
      <header class="page-head">
        <div>
          <h1>Search and compare</h1>
          <p>
            The same question in one model or several. A line joins a passage that more than one of them
            found.
          </p>
        </div>
      </header>
      <Loaded of={status} what="the models">
        {({ models, documents }) =>
          searchable(models).length === 0 ? (
            <Empty title={documents === 0 ? 'Nothing to search yet' : 'No model has vectors yet'}>
              <p>Add documents first; they are embedded with the current model.</p>
              <a class="button primary" href="#/documents?add=yes">
                Add documents
              </a>
            </Empty>
          ) : (
            <Desk models={offered(models)} />
          )
        }
      </Loaded>
    </>
  )
}

/** The current one first; one that is being filled also before it has its first vector. */
function offered(models: readonly Model[]): readonly Model[] {
  const filling = models.filter((model) => model.state === 'filling' && model.embeddings === 0)
  return [...searchable(models), ...filling]
}
