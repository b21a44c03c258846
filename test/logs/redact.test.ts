import { describe, expect, it } from 'vitest'
import { readConfig } from '../../src/config/config.ts'
import { RevectorError } from '../../src/core/errors.ts'
import { openLog } from '../../src/logs/log.ts'
import { createRedactor, secretsOf } from '../../src/logs/redact.ts'

const keyNames = Object.keys(readConfig().keys)
const secretOf = (name: string) => `zz-${name.toLowerCase()}-91f3`
const keys = Object.fromEntries(keyNames.map((name) => [name, secretOf(name)]))
const databaseUrl = 'postgresql://ann:p%40ss%2Fw%22ord@db.example:5432/rag?sslmode=require'

/** Everything that a log prints of one line. */
async function logged(message: string, fields: Record<string, unknown> = {}): Promise<string> {
  let output = ''
  const log = await openLog({
    level: 'debug',
    secrets: secretsOf({ databaseUrl, keys }),
    stderr: { format: 'json', write: (text) => (output += text) },
  })
  log.error(message, fields)
  log.close()
  return output
}

describe('secrets of the configuration', () => {
  it.each(keyNames)('%s is not printed: message, data, cause', async (name) => {
    const secret = secretOf(name)
    const cause = new Error(`401 for key ${secret}`)
    const error = new RevectorError('PROVIDER_REFUSED', `Refused: ${secret}`, {
      data: { deep: [{ request: { headers: { 'x-key': secret } } }] },
      cause: new AggregateError([cause], 'all failed', { cause }),
    })
    const output = await logged(`calling with ${secret}`, { error, list: [secret], [secret]: 1 })
    expect(output).not.toContain(secret)
    expect(output).toContain('PROVIDER_REFUSED')
    expect(output).toContain('[redacted]')
  })

  it.each([
    ['as it stands in the URL', 'p%40ss%2Fw%22ord'],
    ['decoded', 'p@ss/w"ord'],
    ['as JSON', 'p@ss/w\\"ord'],
  ])('the password of the database %s', async (_, spelling) => {
    const output = await logged(`no entry with ${spelling}`, { text: spelling, url: databaseUrl })
    expect(output).not.toContain(JSON.stringify(spelling).slice(1, -1))
    expect(output).not.toContain('p%40ss')
    expect(output).toContain('db.example:5432/rag?sslmode=require')
  })

  it('leaves a password alone that is an ordinary word, but not where it is the password', () => {
    const url = 'postgres://postgres:postgres@localhost/app'
    const redactor = createRedactor(secretsOf({ databaseUrl: url, keys: {} }))
    expect(redactor.text(`postgres is down: ${url}`)).toBe(
      'postgres is down: postgres://postgres:[redacted]@localhost/app',
    )
  })
})

describe('secrets nobody told us of', () => {
  const { text, value } = createRedactor()
  it.each([
    ['mysql://u:hunter2@h/db', 'mysql://u:[redacted]@h/db'],
    ['postgres://u:p@ss@h/db', 'postgres://u:[redacted]@h/db'],
    ['Authorization: Bearer abc.def-123', 'Authorization: [redacted]'],
    ['Authorization: Bearer key-abc', 'Authorization: [redacted]'],
    ['{"authorization":"Basic dXNlcjpw"}', '{"authorization":"[redacted]"}'],
    ['sent bearer abcdefghijkl to it', 'sent bearer [redacted] to it'],
    ['host=h password=hunter2 user=u', 'host=h password=[redacted] user=u'],
    ['OPENAI_API_KEY=hunter2 node x', 'OPENAI_API_KEY=[redacted] node x'],
    ['https://h/v1?api_key=hunter2&x=1', 'https://h/v1?api_key=[redacted]&x=1'],
    ['https://h/v1?key=hunter2', 'https://h/v1?key=[redacted]'],
    ['key sk-proj-abcdefghijklmnop1234 is wrong', 'key [redacted] is wrong'],
  ])('%s', (input, output) => expect(text(input)).toBe(output))

  it.each([
    'http://localhost:11434/v1/path@x',
    'a token is a piece of a word; 48000 tokens',
    'the key idea: a password is a secret',
    'postgresql://user@host:5432/db',
    'Send `Authorization: Bearer KEY`. Keys are made with `revector keys create`.',
  ])('ordinary text stays: %s', (input) => expect(text(input)).toBe(input))

  it('goes by the name of the field', () => {
    const input = {
      apiKey: 'a',
      'x-api-key': 'b',
      PGPASSWORD: 'c',
      token: 'd',
      cookie: 'e',
      tokens: 5,
      keys: ['f'],
    }
    expect(value(input)).toEqual({
      apiKey: '[redacted]',
      'x-api-key': '[redacted]',
      PGPASSWORD: '[redacted]',
      token: '[redacted]',
      cookie: '[redacted]',
      tokens: 5,
      keys: ['f'],
    })
  })

  it('bears circles, dates, bytes and big integers', () => {
    const circle = { when: new Date(0), bytes: Buffer.from('abc'), big: 5n, self: null as unknown }
    circle.self = circle
    expect(value(circle)).toEqual({ when: new Date(0), bytes: '[3 bytes]', big: '5', self: '[circular]' })
  })
})
