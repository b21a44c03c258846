import type { Route } from './session.ts'

/** What the main thread sends to the worker. */
export type Request =
  | { readonly type: 'embed'; readonly id: number; readonly texts: readonly string[] }
  | { readonly type: 'close' }

/** What the worker answers. */
export type Reply =
  | { readonly type: 'ready'; readonly route: Route }
  | { readonly type: 'failed'; readonly message: string }
  /** All vectors in one array, one after the other. */
  | {
      readonly type: 'embedded'
      readonly id: number
      readonly numbers: Float32Array
      readonly tokens: number
    }
  | { readonly type: 'refused'; readonly id: number; readonly message: string }

export interface WorkerOptions {
  /** Null: the fastest that is installed. */
  readonly route: Route | null
}
