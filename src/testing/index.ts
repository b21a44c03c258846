export {
  type EmbeddingSuiteOptions,
  exerciseEmbeddingModel,
  type SuiteRunner,
} from './exercise-embedding-model.ts'
export { type EngineSuiteRunner, exerciseEngine } from './exercise-engine.ts'
