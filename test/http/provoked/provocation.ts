import type { ErrorCode, errorCatalogue } from '../../../src/core/errors.ts'
import type { Operation } from '../../../src/http/contract/operation.ts'
import type { Answer } from '../support/calls.ts'
import type { World } from './world.ts'

/** Brings one status about. */
export type Provocation = (world: World) => Promise<Answer>

type StatusOf<Code extends ErrorCode> = (typeof errorCatalogue)[Code]['status']

/** What an operation says of itself; what any request can meet is in every-request.ts. */
type OwnStatus<Described extends Operation> =
  | keyof Described['responses']
  | (Described extends { readonly events: object } ? 200 : never)
  | StatusOf<Described['errors'][number]>

/** For each operation that a file of the contract exports, a provocation of each of its statuses: none missing, none too many. */
export type ProvocationsOf<Contract> = {
  readonly [Name in keyof Contract as Contract[Name] extends Operation
    ? Name
    : never]: Contract[Name] extends Operation
    ? { readonly [status in OwnStatus<Contract[Name]>]: Provocation }
    : never
}
