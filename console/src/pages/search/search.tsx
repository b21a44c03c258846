import { get } from '../../api/request.ts'
import { useResource } from '../../api/resource.ts'
import type { Model, Status } from '../../api/shapes.ts'
import { searchable } from '../../models.ts'
import { Empty, Loaded } from '../../parts/states.tsx'
import { Desk } from './desk.tsx'

export function Search() {
  // Polled, because a migration may start or end.
  const status = useResource('status', (signal) => get<Status>('/api/v1/status', signal), { every: 10_000 })
  return (
    <>
      <header class="page-head">
        <div>
          <h1>Search and compare</h1>
          <p>Ask one question in one or more models. Lines connect the passages that several models found.</p>
        </div>
      </header>
      <Loaded of={status} what="the models">
        {({ models, documents }) =>
          searchable(models).length === 0 ? (
            <Empty title={documents === 0 ? 'Nothing to search yet' : 'No model has vectors yet'}>
              <p>Add documents first. The current model embeds them.</p>
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

/** The current model first; a model that is being filled is offered even before its first vector. */
function offered(models: readonly Model[]): readonly Model[] {
  const filling = models.filter((model) => model.state === 'filling' && model.embeddings === 0)
  return [...searchable(models), ...filling]
}
