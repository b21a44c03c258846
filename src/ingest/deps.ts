export type { EmbedDeps as IngestDeps } from '../store/deps.ts'
