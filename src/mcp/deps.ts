import type { Revector } from '../library/revector.ts'

/** What the tools work with, for one client. */
export interface McpDeps {
  readonly revector: Revector
  readonly version: string
  /** Whether documents may be written. */
  readonly writes: boolean
  /** Who asks, for the audit of what is written. */
  readonly actor: string
  /** Of the request that carries this, where there is one. */
  readonly requestId: string | null
  /** Told of faults of ours, which agents are told nothing about. */
  readonly onFault: (error: unknown) => void
}
