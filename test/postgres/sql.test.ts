import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ident, join, parameter, raw, type Sql, sql } from '../../src/postgres/sql.ts'
import { embedded } from '../support/engines.ts'

describe('sql', () => {
  it('makes values parameters, whatever they look like', () => {
    const statement = sql`select ${1}, ${"'; drop table x"}, ${{ text: 'select 2', values: [] }}`
    expect(statement.text).toBe('select $1, $2, $3')
    expect(statement.values).toEqual([1, "'; drop table x", { text: 'select 2', values: [] }])
  })

  it('renumbers what is spliced in, and only parameters', () => {
    const filter = sql`a = ${'x'} and b = '$1' and c = $$ $1 $2 $$ and d = ${'y'}`
    const statement = sql`select ${0} from t where ${filter} or ${filter} limit ${9}`
    expect(statement.text).toBe(
      "select $1 from t where a = $2 and b = '$1' and c = $$ $1 $2 $$ and d = $3" +
        " or a = $4 and b = '$1' and c = $$ $1 $2 $$ and d = $5 limit $6",
    )
    expect(statement.values).toEqual([0, 'x', 'y', 'x', 'y', 9])
  })

  it('joins any number of parts, also thousands, also none', () => {
    expect(join([])).toMatchObject({ text: '', values: [] })
    expect(join([sql`${1}`, raw('x'), sql`(${2})`], ' and ')).toMatchObject({
      text: '$1 and x and ($2)',
      values: [1, 2],
    })
    const many = join(Array.from({ length: 20_000 }, (_, i) => sql`(${i})`))
    expect(many.values).toHaveLength(20_000)
    expect(many.text.endsWith('($19999), ($20000)')).toBe(true)
  })

  it('refuses more parameters than the protocol can count', () => {
    const part = join(Array.from({ length: 40_000 }, (_, i) => sql`${i}`))
    expect(() => sql`${part}, ${part}`).toThrow(/80000 parameters/)
  })

  it('numbers parameters in order however statements are nested', () => {
    const nested: fc.Arbitrary<Sql> = fc.letrec<{ tree: Sql }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: 4 },
        fc.integer().map((n) => sql`<${n}>`),
        fc.constantFrom('$1', "'$2'", 'x').map(raw),
        fc.array(tie('tree'), { maxLength: 3 }).map((deps) => join(deps, ' + ')),
        fc.tuple(tie('tree'), fc.string(), tie('tree')).map(([a, s, b]) => sql`(${a} <${s}> ${b})`),
      ),
    })).tree
    fc.assert(
      fc.property(nested, ({ text, values }) => {
        const numbers = [...text.matchAll(/<\$(\d+)>/g)].map(([, n]) => Number(n))
        expect(numbers).toEqual(values.map((_, i) => i + 1))
      }),
    )
  })
})

describe('ident', () => {
  it('refuses what cannot be a name', () => {
    for (const name of ['', 'a\0b', 'x'.repeat(64), 'é'.repeat(32)])
      expect(() => ident(name)).toThrow(TypeError)
    expect(ident('a.b', 'c"d').text).toBe('"a.b"."c""d"')
  })

  it('names a table by any string that is one', async () => {
    const db = await embedded.connect()
    const name = fc
      .string({ unit: 'binary', minLength: 1, maxLength: 15 })
      .filter((text) => !text.includes('\0') && text.isWellFormed())
    await fc.assert(
      fc.asyncProperty(name, async (each) => {
        const { rows } = await db.query(sql`
          with ${ident(each)} as (select ${each}::text as ${ident(each)}) select ${ident(each)} from ${ident(each)}`)
        expect(rows).toEqual([{ [each]: each }])
      }),
      {
        numRuns: 60,
        examples: [['"; drop table t; --'], ["'"], ['$1'], ['\\'], ['select'], ['ÀΩ'], ['__proto__x']],
      },
    )
  })
})

it('a shared parameter is sent once, however often and deep it is mentioned', () => {
  const v = parameter('v')
  const inner = sql`(${1} < ${v})`
  const statement = sql`${v} or ${inner} or ${'v'} or ${inner} or ${v}`
  expect(statement.text).toBe('$1 or ($2 < $1) or $3 or ($4 < $1) or $1')
  expect(statement.values).toEqual(['v', 1, 'v', 1])
})
