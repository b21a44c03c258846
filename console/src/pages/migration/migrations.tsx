import { useFurtherPages } from '../../api/pages.ts'
import { get } from '../../api/request.ts'
import { useResource } from '../../api/resource.ts'
import type { MigrationPage, Model, Status } from '../../api/shapes.ts'
import { date, dollars } from '../../format.ts'
import { byName } from '../../models.ts'
import { ModelName, StateChip } from '../../parts/model-name.tsx'
import { Empty, Loaded } from '../../parts/states.tsx'
import { More, Table } from '../../parts/table.tsx'
import { linkTo } from '../../route.ts'
import { NewMigration } from './new-migration.tsx'

const pageSize = 20

export function Migrations() {
  const status = useResource('status', (signal) => get<Status>('/api/v1/status', signal))
  const moves = useResource(
    'moves',
    (signal) => get<MigrationPage>(`/api/v1/migrations?limit=${pageSize}`, signal),
    { every: 5_000 },
  )
  return (
    <>
      <header class="page-head">
        <div>
          <h1>Migration</h1>
          <p>
            Change the embedding model while searches continue. See the cost and time first, check the result
            before you cut over, and roll back in one click.
          </p>
        </div>
      </header>
      <Loaded of={status} what="the models">
        {({ models, chunks }) => (
          <>
            {chunks === 0 ? (
              <Empty title="Nothing to migrate yet">
                <p>Add documents first. Then you can migrate them to another model.</p>
                <a class="button primary" href="#/documents?add=yes">
                  Add documents
                </a>
              </Empty>
            ) : (
              <NewMigration models={models} />
            )}
            <Loaded of={moves} what="migrations" rows={2}>
              {(page) => <History page={page} models={models} />}
            </Loaded>
          </>
        )}
      </Loaded>
    </>
  )
}

function History({ page, models }: { page: MigrationPage; models: readonly Model[] }) {
  const further = useFurtherPages(page.next, async (after) => {
    const { migrations, next } = await get<MigrationPage>(
      `/api/v1/migrations?limit=${pageSize}&after=${after}`,
    )
    return { items: migrations, next }
  })
  if (page.migrations.length === 0) return null
  return (
    <section class="history">
      <h2>History</h2>
      <Table columns={columns}>
        {[...page.migrations, ...further.items.value].map((move) => (
          <tr key={move.id}>
            <td>
              <a class="move-link" href={linkTo(`migration/${move.id}`)}>
                <ModelName model={byName(models, move.source_model)} name={move.source_model} />
                <span class="to" aria-hidden="true">
                  →
                </span>
                <span class="unseen">to</span>
                <ModelName model={byName(models, move.target_model)} name={move.target_model} />
              </a>
            </td>
            <td>
              <StateChip state={move.state} />
            </td>
            <td class="number spare">{dollars(move.cost_usd)}</td>
            <td class="spare when">{date(move.created_at)}</td>
            <td class="quiet spare">{move.created_by}</td>
          </tr>
        ))}
      </Table>
      <More pages={further} what="migrations" />
    </section>
  )
}

const columns = [
  { name: 'Migration' },
  { name: 'State' },
  { name: 'Spent', number: true, spare: true },
  { name: 'Started', spare: true },
  { name: 'By', spare: true },
] as const
