export {
  type EmbeddingSuiteOptions,
  exerciseEmbeddingModel,
  type SuiteRunner,
} from './exercise-embedding-model.ts'
