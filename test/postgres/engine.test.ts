import { afterAll, beforeAll, describe, it } from 'vitest'
import { connectDatabase, type DatabaseOptions } from '../../src/postgres/connect.ts'
import { exerciseEngine } from '../../src/testing/exercise-engine.ts'
import { describeEngines } from '../support/engines.ts'

describeEngines('conformance', (engine) => {
  const places: DatabaseOptions[] = []
  beforeAll(async () => {
    places.push(await engine.place(), await engine.place())
  })
  exerciseEngine(() => connectDatabase(places.shift()), { describe, it, after: afterAll })
})
