import type { MigrationStatus } from '../../api/shapes.ts'
import { bytes, count, counted, date, dollars, duration, percent, rate } from '../../format.ts'
import { Meter } from '../../parts/meter.tsx'

/** Progress, speed, cost, workers and space of a migration. */
export function Figures({ move }: { move: MigrationStatus }) {
  const share = move.total_chunks === 0 ? 1 : move.done_chunks / move.total_chunks
  const working = move.workers.length
  return (
    <>
      <Meter share={share} thick label="Chunks with a vector" />
      <dl class="facts">
        <div>
          <dt>Chunks</dt>
          <dd>
            {count(move.done_chunks)} of {count(move.total_chunks)}
            <small>
              {percent(share)}
              {move.quarantined_chunks > 0 && `, ${count(move.quarantined_chunks)} in quarantine`}
            </small>
          </dd>
        </div>
        <div>
          <dt>Speed</dt>
          <dd>
            {move.chunks_per_second === 0 ? '–' : `${rate(move.chunks_per_second)} / s`}
            <small>
              {move.eta_seconds === null ? noEstimate(move) : `${duration(move.eta_seconds)} left`}
            </small>
          </dd>
        </div>
        <div>
          <dt>Spent</dt>
          <dd>
            {dollars(move.cost_usd)}
            <small>
              {counted(move.tokens, 'token')}
              {move.budget_usd !== null && `, budget ${dollars(move.budget_usd)}`}
            </small>
          </dd>
        </div>
        <div>
          <dt>Workers</dt>
          <dd>
            {working === 0 ? '–' : count(working)}
            <small>{working === 0 ? 'none running' : move.workers.map((one) => one.host).join(', ')}</small>
          </dd>
        </div>
        <div>
          <dt>Space</dt>
          <dd>
            {move.bytes_estimate === null ? '–' : bytes(move.bytes_estimate)}
            <small>vectors and HNSW index, estimated</small>
          </dd>
        </div>
        {move.rollback_window_until !== null && move.state === 'cut_over' && (
          <div>
            <dt>Rollback window until</dt>
            <dd>
              {date(move.rollback_window_until).replace(/, .*/, '')}
              <small>then you can retire the source</small>
            </dd>
          </div>
        )}
      </dl>
    </>
  )
}

function noEstimate(move: MigrationStatus): string {
  if (move.done_chunks + move.quarantined_chunks >= move.total_chunks) return 'all chunks are embedded'
  if (move.state === 'paused') return 'paused'
  return move.workers.length === 0 ? 'no worker is running' : 'not known yet'
}
