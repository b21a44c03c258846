import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { roomForPassages } from '../../src/search/answer/budget.ts'
import { promptFor } from '../../src/search/answer/prompt.ts'
import { estimateTokens } from '../../src/splitting/tokens.ts'

test('the room for passages is what a prompt leaves, whatever the key of its tags', () => {
  const room = roomForPassages({ contextTokens: 2_000, maxOutputTokens: 100 }, '')
  const keys = Array.from({ length: 200 }, () => randomBytes(4).toString('hex'))
  for (const key of ['00000000', 'aaaaaaaa', '1e2f3a4b', ...keys]) {
    const { system, user } = promptFor('', [], key)
    expect(estimateTokens(system) + estimateTokens(user) + room).toBeLessThanOrEqual(1_900)
  }
})
