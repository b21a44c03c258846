/** What a key allows; each includes those before it. */
export const scopes = ['read', 'write', 'admin'] as const
export type Scope = (typeof scopes)[number]

export function allows(held: Scope, needed: Scope): boolean {
  return scopes.indexOf(held) >= scopes.indexOf(needed)
}

/** The answer to a request, as it is given again when the request comes again. */
export interface KeptAnswer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  /** Plain JSON. */
  readonly body: unknown
}
