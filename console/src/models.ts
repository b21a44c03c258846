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
  current: 'Searches that name no model use it.',
  filling: 'A migration is filling it. New documents reach it already.',
  standby: 'Kept up to date, for the way back.',
  registered: 'New documents do not reach it. A migration fills it.',
  retired: 'Its vectors are dropped.',
}

/** What a model's state means, in a sentence that stands beside its name. */
export function meaningOf({ state, coverage, embeddings }: Model): string {
  // It keeps this state until the cut-over.
  const filled = state === 'filling' && coverage >= 1 && embeddings > 0
  return filled ? 'It has every vector. Its migration is not cut over yet.' : meanings[state]
}
