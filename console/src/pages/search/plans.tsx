import type { Model, SearchResult } from '../../api/shapes.ts'
import { milliseconds } from '../../format.ts'
import { byName } from '../../models.ts'
import { ModelName } from '../../parts/model-name.tsx'

/** The query plans of PostgreSQL. */
export function Plans({ results, models }: { results: readonly SearchResult[]; models: readonly Model[] }) {
  const plans = results.flatMap((result) => result.explain ?? [])
  if (plans.length === 0) return null
  return (
    <details class="plans">
      <summary>Query plans</summary>
      <div class="plans-list">
        {plans.map((plan) => (
          <section key={plan.model}>
            <h3>
              <ModelName model={byName(models, plan.model)} name={plan.model} />
            </h3>
            <p class="quiet">
              {plan.path}, {milliseconds(plan.ms)}
              {plan.index !== null && ` · index ${plan.index}`}
            </p>
            {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
            <pre tabIndex={0}>{plan.plan.join('\n')}</pre>
          </section>
        ))}
      </div>
    </details>
  )
}
