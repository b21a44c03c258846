import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { withSchemaOf } from '../../src/postgres/pgvector.ts'
import { sql } from '../../src/postgres/sql.ts'
import { distanceOf, indexKind, vectorColumn } from '../../src/schema/index-kind.ts'
import { firstModel } from '../../src/schema/legacy/first-model.ts'
import {
  chunkColumns,
  comparable,
  documentColumns,
  mapColumns,
  neutralDefault,
  textCandidates,
} from '../../src/schema/legacy/mapping.ts'
import type { ColumnFacts, TableFacts } from '../../src/schema/legacy/table-facts.ts'

function column(name: string, baseType: string, more: Partial<ColumnFacts> = {}): ColumnFacts {
  const categories: Record<string, string> = {
    integer: 'N',
    bigint: 'N',
    boolean: 'B',
    jsonb: 'U',
    uuid: 'U',
  }
  return {
    name,
    type: baseType,
    baseType,
    category: categories[baseType] ?? (baseType.startsWith('timestamp') ? 'D' : 'S'),
    domain: false,
    modifier: null,
    notNull: false,
    default: null,
    identity: '',
    generated: false,
    ...more,
  }
}

function table(...columns: ColumnFacts[]): TableFacts {
  return {
    name: { schema: 'public', name: 'theirs' },
    kind: 'r',
    persistence: 'p',
    owner: 'me',
    rowSecurity: false,
    inherits: false,
    heirs: false,
    typed: false,
    transitionTriggers: [],
    bytes: 0,
    columns,
    indexes: [],
    foreignKeys: [],
  }
}

describe('columns of others', () => {
  it('are used where name and type fit, and added beside them where not', () => {
    const mapped = mapColumns(
      table(
        column('chunk_index', 'integer'),
        column('page', 'text'),
        column('token_count', 'integer', { generated: true }),
      ),
      chunkColumns,
      [],
    )
    expect(mapped.columns).toMatchObject({
      position: 'chunk_index',
      page: 'revector_page',
      tokenCount: 'revector_token_count',
      headingPath: 'heading_path',
    })
    expect(mapped.added.map((added) => added.column)).toContain('revector_page')
  })

  it('are too short for a hash, or no source unless they are unique', () => {
    const { columns } = mapColumns(
      table(
        column('content_hash', 'character varying', { modifier: 32 }),
        column('source', 'text'),
        column('created_at', 'timestamp with time zone'),
      ),
      documentColumns,
      [],
    )
    expect(columns).toMatchObject({
      contentHash: 'revector_content_hash',
      source: 'revector_source',
      createdAt: 'created_at',
    })
  })

  it('are never mapped twice, and what is added never collides', () => {
    const names = [...documentColumns, ...chunkColumns].flatMap((want) => want.names)
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.constantFrom(...names), { maxLength: 20 }),
        fc.constantFrom('text', 'integer', 'jsonb', 'boolean'),
        (taken, type) => {
          const theirs = table(...taken.map((name) => column(name, type)))
          for (const wanted of [documentColumns, chunkColumns]) {
            const { columns, added } = mapColumns(theirs, wanted, [])
            const used = Object.values(columns)
            expect(new Set(used).size).toBe(used.length)
            for (const one of added) expect(taken).not.toContain(one.column)
          }
        },
      ),
    )
  })

  it('that hold no key may be the text', () => {
    const theirs: TableFacts = {
      ...table(
        column('id', 'text'),
        column('parent', 'text'),
        column('words', 'text'),
        column('n', 'integer'),
      ),
      foreignKeys: [
        {
          name: 'fk',
          columns: ['parent'],
          references: { schema: 'public', name: 'x' },
          referencedColumns: ['id'],
          validated: true,
        },
      ],
    }
    expect(textCandidates(theirs)).toEqual(['id', 'words'])
  })

  it('get a default that says nothing, where there is one', () => {
    const theirs = table()
    expect(neutralDefault(theirs, column('a', 'text'))).toBe("''")
    expect(neutralDefault(theirs, column('a', 'bigint'))).toBe('0')
    expect(neutralDefault(theirs, column('a', 'jsonb'))).toBe("'{}'")
    expect(neutralDefault(theirs, column('a', 'boolean'))).toBe('false')
    expect(neutralDefault(theirs, column('a', 'uuid'))).toBeNull()
    expect(neutralDefault(theirs, column('a', 'text', { domain: true }))).toBeNull()
  })

  it('are comparable as ids when of one kind', () => {
    expect(comparable(column('a', 'integer'), column('b', 'bigint'))).toBe(true)
    expect(comparable(column('a', 'text'), column('b', 'character varying'))).toBe(true)
    expect(comparable(column('a', 'uuid'), column('b', 'text'))).toBe(false)
    expect(comparable(column('a', 'jsonb'), column('b', 'jsonb'))).toBe(false)
  })
})

describe('the first model', () => {
  const found = { dimension: 1536, rows: 3, indexed: null }

  it('is that of the guide where the width says so', () => {
    expect(firstModel(undefined, found)).toMatchObject({
      modelName: 'text-embedding-ada-002',
      provider: 'openai',
    })
    expect(firstModel(undefined, { ...found, dimension: 384, rows: 0 })).toBeNull()
    expect(() => firstModel(undefined, { ...found, dimension: 384 })).toThrow('does not know which model')
  })

  it('has the distance of the index', () => {
    expect(firstModel({ modelName: 'm', distance: 'cosine' }, { ...found, indexed: 'l2' })).toMatchObject({
      distance: 'l2',
    })
  })
})

describe('the kind of index', () => {
  it.each([
    [1, 'vector', false],
    [2000, 'vector', false],
    [2001, 'halfvec', true],
    [4000, 'halfvec', true],
    [4001, 'bit', true],
    [16_000, 'bit', true],
  ] as const)('of %i dimensions is %s', (dimension, form, rerank) => {
    expect(indexKind({ dimension, distance: 'cosine' })).toMatchObject({ form, rerank })
  })

  it.each([0, -1, 1.5, 16_001, Number.NaN])('of %d dimensions is refused', (dimension) => {
    expect(() => indexKind({ dimension, distance: 'cosine' })).toThrow('from 1 to 16,000')
  })

  it('follows the distance', () => {
    const named = (text: string): string => withSchemaOf(text, { schema: 'ext' })
    const text = (dimension: number, distance: 'cosine' | 'inner_product' | 'l2'): string =>
      named(indexKind({ dimension, distance }).indexed(vectorColumn(dimension)).text)
    expect(text(3, 'inner_product')).toBe('"embedding_3" "ext".vector_ip_ops')
    expect(text(3000, 'l2')).toBe('("embedding_3000"::"ext".halfvec(3000)) "ext".halfvec_l2_ops')
    expect(text(5000, 'l2')).toBe(
      '("ext".binary_quantize("embedding_5000")::bit(5000)) "ext".bit_hamming_ops',
    )
    expect(named(indexKind({ dimension: 3, distance: 'l2' }).exact(sql`a`, sql`b`).text)).toBe(
      'a operator("ext".<->) b',
    )
    expect(distanceOf('halfvec_ip_ops')).toBe('inner_product')
    expect(distanceOf('vector_l1_ops')).toBeNull()
  })
})
