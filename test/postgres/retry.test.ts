import { describe, expect, it } from 'vitest'
import { backOffMs } from '../../src/core/back-off.ts'
import { databaseBackOff, onlyReads, troubleOf } from '../../src/postgres/retry.ts'

describe('the table of retries', () => {
  it.each([
    ['40001', 'conflict'],
    ['40P01', 'conflict'],
    ['57P01', 'lost'],
    ['57P02', 'lost'],
    ['08006', 'lost'],
    ['ECONNRESET', 'lost'],
    ['57P03', 'unready'],
    ['53300', 'unready'],
    ['ECONNREFUSED', 'refused'],
    ['55P03', null],
    ['25P03', null],
    ['23505', null],
    ['42601', null],
  ])('%s is %s', (code, trouble) => {
    expect(troubleOf(Object.assign(new Error('x'), { code }))).toBe(trouble)
  })

  it('knows the errors of the client that have no code', () => {
    expect(troubleOf(new Error('Connection terminated unexpectedly'))).toBe('lost')
    expect(troubleOf(new Error('something else'))).toBeNull()
    expect(troubleOf('Connection terminated')).toBeNull()
  })

  it.each([
    ['server conn crashed?', 'lost'],
    ['server login has been failing, cached error: connection refused (server_login_retry)', 'unready'],
    ['query_wait_timeout', 'unready'],
    ['pgbouncer cannot connect to server', 'unready'],
    ['invalid frontend message type 88', null],
  ])('knows what a pooler says: %s', (message, trouble) => {
    expect(troubleOf(Object.assign(new Error(message), { code: '08P01' }))).toBe(trouble)
  })

  it('takes only what surely reads for reading', () => {
    expect(onlyReads('  select 1')).toBe(true)
    expect(onlyReads('with a as (select 1) select * from a')).toBe(true)
    for (const text of [
      'insert into t values (1)',
      'with a as (delete from t returning 1) select * from a',
      "select nextval('s')",
      'select pg_advisory_lock(1)',
      'select * into t2 from t',
      "select set_config('a.b', 'c', false)",
      'vacuum',
      'call f()',
    ]) {
      expect(onlyReads(text), text).toBe(false)
    }
  })

  it('waits longer each time, at random, a second at most', () => {
    expect([1, 2, 3, 20].map((attempt) => backOffMs(attempt, databaseBackOff, () => 1))).toEqual([
      25, 50, 100, 1_000,
    ])
    expect(backOffMs(5, databaseBackOff, () => 0)).toBe(0)
  })
})
