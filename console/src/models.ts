import type { Model } from './api/shapes.ts'

/** A model keeps its colour on every page: `lane-0` … `lane-7`, by its id. */
export const laneClass = (model: Pick<Model, 'id'> | undefined): string =>
  model === undefined ? 'lane-none' : `lane-${(model.id - 1) % 8}`

export const byName = (models: readonly Model[], name: string): Model | undefined =>
  models.find((model) => model.model_name === name)

export const searchable = (models: readonly Model[]): readonly Model[] =>
  models
    .filter((model) => model.embeddings > 0)
    .toSorted((a, b) => Number(b.current) - Number(a.current) || a.id - b.id)

export const currentOf = (models: readonly Model[]): Model | undefined =>
  models.find((model) => model.current)

const meanings: Readonly<Record<Model['state'], string>> = {
  current: 'Default model for searches.',
  filling: 'A migration is filling it. It already receives new documents.',
  standby: 'Stays in sync, so that you can roll back.',
  registered: 'Receives no documents until a migration fills it.',
  retired: 'Its vectors have been dropped.',
}

/** What a model's state means, as a sentence beside its name. */
export function meaningOf({ state, coverage, embeddings }: Model): string {
  // A model stays `filling` until the cut-over.
  const filled = state === 'filling' && coverage >= 1 && embeddings > 0
  return filled ? 'All chunks are embedded. Its migration waits for the cut-over.' : meanings[state]
}
