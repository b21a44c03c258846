import { useSignal } from '@preact/signals'
import { get } from '../../api/request.ts'
import { type Resource, useResource } from '../../api/resource.ts'
import type { Doctor, MigrationPage, Status } from '../../api/shapes.ts'
import { bytes, counted } from '../../format.ts'
import { searchable } from '../../models.ts'
import { Icon } from '../../parts/icon.tsx'
import { Empty, Loaded } from '../../parts/states.tsx'
import { AddModel } from './add-model.tsx'
import { Attention } from './attention.tsx'
import { Lanes } from './lanes.tsx'

export function Overview() {
  const status = useResource('status', (signal) => get<Status>('/api/v1/status', signal), { every: 5_000 })
  const doctor = useResource('doctor', (signal) => get<Doctor>('/api/v1/doctor', signal))
  const moves = useResource('moves', (signal) => get<MigrationPage>('/api/v1/migrations?limit=5', signal), {
    every: 5_000,
  })
  const adding = useSignal(false)
  return (
    <>
      <header class="page-head">
        <div>
          <h1>Overview</h1>
          <p>
            {status.data.value === null
              ? 'Documents, chunks and embedding models.'
              : summary(status.data.value)}
          </p>
        </div>
        <div class="page-tools">
          <a class="button" href="#/documents?add=yes">
            <Icon name="upload" /> Add documents
          </a>
          <button type="button" class="button" onClick={() => open(true)}>
            <Icon name="plus" /> Add a model
          </button>
        </div>
      </header>
      <Loaded of={status} what="the models">
        {(known) => <Known status={known} doctor={doctor} moves={moves} />}
      </Loaded>
      {adding.value && <AddModel onClose={() => open(false)} onAdded={() => void status.reload()} />}
    </>
  )

  function open(yes: boolean): void {
    adding.value = yes
  }
}

function summary({ documents, chunks, models }: Status): string {
  if (documents === 0) return 'No documents yet.'
  const spaces = searchable(models).length
  return `${counted(documents, 'document')} in ${counted(chunks, 'chunk')}, searchable with ${counted(spaces, 'model')}.`
}

function Known({
  status,
  doctor,
  moves,
}: {
  status: Status
  doctor: Resource<Doctor>
  moves: Resource<MigrationPage>
}) {
  const index = status.models.reduce((sum, model) => sum + (model.index?.bytes ?? 0), 0)
  return (
    <>
      <Attention status={status} doctor={doctor} moves={moves.data.value?.migrations ?? []} />
      <Lanes status={status} />
      {status.documents === 0 && (
        <Empty title="Nothing to search yet">
          <p>
            Add PDF, Word, Markdown, HTML or plain text files. Revector splits them into chunks and embeds
            them.
          </p>
          <a class="button primary" href="#/documents?add=yes">
            Add documents
          </a>
        </Empty>
      )}
      <section class="ground" aria-label="The database">
        <dl class="facts">
          <Fact name="HNSW indexes" value={bytes(index)} note="of all models together" />
          <Fact
            name="Engine"
            value={status.engine === 'embedded' ? 'Embedded' : 'Server'}
            note={`PostgreSQL ${status.server_version}, pgvector ${status.pgvector_version}`}
          />
          <Fact
            name="Answers"
            value={status.language_model === null ? 'Extractive' : 'Generated'}
            note={status.language_model ?? 'No language model is configured'}
          />
          <Fact
            name="Worker"
            value={status.worker.running ? 'Running' : 'Not here'}
            note={status.worker.running ? 'In this service' : 'Start one with revector worker'}
          />
        </dl>
      </section>
    </>
  )
}

function Fact({ name, value, note }: { name: string; value: string; note?: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        {value}
        {note !== undefined && <small>{note}</small>}
      </dd>
    </div>
  )
}
