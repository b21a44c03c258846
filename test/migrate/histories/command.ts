import fc from 'fast-check'
import type { Ideal } from './ideal.ts'
import { expectAgreement, type Real } from './real.ts'

export type Command = fc.AsyncCommand<Ideal, Real>

export function command(
  name: string,
  run: (ideal: Ideal, real: Real) => Promise<void>,
  check: (ideal: Ideal) => boolean = () => true,
): Command {
  const kind = name.split(' ')[0] ?? name
  return {
    check: (ideal) => check(ideal),
    async run(ideal, real) {
      real.steps.set(kind, (real.steps.get(kind) ?? 0) + 1)
      await run(ideal, real)
      await expectAgreement(ideal, real)
    },
    toString: () => name,
  }
}

export const source = fc.constantFrom('a.md', 'b.md', 'c.md')
/** Few texts, so that the same one is met in several documents. */
export const texts = fc.array(
  fc.integer({ min: 0, max: 12 }).map((n) => `text number ${n}`),
  { minLength: 1, maxLength: 5 },
)
