import { expect, test } from 'vitest'
import { createRemember } from '../../src/store/remember.ts'

/** A clock of its own: each count takes 100 ms and finds one chunk more. */
function counter(chunks: number) {
  let time = 0
  let counts = 0
  const remember = createRemember(() => time)
  const count = async () => {
    counts += 1
    time += 100
    return { chunks: chunks + counts }
  }
  return {
    wait: (ms: number) => {
      time += ms
    },
    ask: async (key = 'corpus') => (await remember(key, count)).chunks - chunks,
    counts: () => counts,
  }
}

test('a small corpus is counted each time', async () => {
  const { ask } = counter(1_000)
  expect([await ask(), await ask(), await ask()]).toEqual([1, 2, 3])
})

test('the count of a large one stands for twenty times as long as it took', async () => {
  const { ask, wait, counts } = counter(1_000_000)
  expect(await ask()).toBe(1)
  wait(999)
  expect(await ask()).toBe(1)
  expect(counts()).toBe(1)
  // Who asks in the second half of that time does not wait for the next count, and finds it later.
  wait(1)
  expect(await ask()).toBe(1)
  await expect.poll(() => ask()).toBe(2)
  expect(counts()).toBe(2)
  // Who asks after that waits: nothing older is said.
  wait(2_000)
  expect(await ask()).toBe(3)
})

test('what is counted under another key is counted at once', async () => {
  const { ask } = counter(1_000_000)
  expect([await ask('a'), await ask('b'), await ask('a')]).toEqual([1, 2, 1])
})

test('calls at the same time share one count of a large corpus; after a failure the next call counts', async () => {
  let counts = 0
  let time = 0
  let broken = false
  const remember = createRemember(() => time)
  const ask = () =>
    remember('corpus', async () => {
      counts += 1
      time += 100
      if (broken) throw new Error('The database is gone')
      return { chunks: 1_000_000 }
    })
  await ask()
  time += 5_000
  await Promise.all([ask(), ask(), ask()])
  expect(counts).toBe(2)
  broken = true
  // Beside the callers: none of them is told.
  time += 1_500
  expect(await ask()).toEqual({ chunks: 1_000_000 })
  time += 5_000
  await expect(ask()).rejects.toThrow('The database is gone')
  broken = false
  expect(await ask()).toEqual({ chunks: 1_000_000 })
})
