import { isRevectorError, RevectorError } from '../../core/errors.ts'
import type { Queryable } from '../../postgres/database.ts'
import { ident, raw, sql } from '../../postgres/sql.ts'
import { literal } from '../catalog.ts'
import { type TableName, tableOf } from '../layout.ts'
import { isText, textCandidates, wellKnown } from '../legacy/mapping.ts'
import { type ForeignKeyFacts, readTable, type TableFacts } from '../legacy/table-facts.ts'
import { columnOr, type PlaceChoices } from './expressions.ts'
import { columnsOf } from './find-key.ts'
import { namedTable } from './named-table.ts'
import type { NoPlace } from './no-place.ts'
import { toolOf } from './tool.ts'

/** The table and the expression of the texts. */
export interface Texts {
  readonly texts: TableFacts
  readonly text: string
  /** How the vectors lead there, if they lie in another table: equal columns, in order. */
  readonly join: Join | null
}

interface Join {
  readonly own: readonly string[]
  readonly referenced: readonly string[] | null
}

const textNames = [
  ...wellKnown.text,
  'document',
  'contents',
  'raw_text',
  'markdown',
  'description',
  'message',
]
/** Where libraries put the text when the table has no column for it. */
const textKeys = ['text', 'content', 'page_content', 'pageContent', 'chunk', 'body']

export async function findTexts(
  db: Queryable,
  vectors: TableFacts,
  choices: PlaceChoices,
): Promise<Texts | NoPlace> {
  if (choices.texts !== undefined) return inNamedTable(db, vectors, choices.texts, choices)
  const own = { texts: vectors, join: null }
  if (choices.text !== undefined) {
    const text = columnOr(vectors, choices.text)
    if (vectors.foreignKeys.length === 0 || (await reads(db, vectors, text))) return { ...own, text }
  } else {
    const text = await textOf(db, vectors)
    if (text !== null) return { ...own, text }
  }
  for (const key of vectors.foreignKeys) {
    if (!(await isReadable(db, key.references))) {
      const name = tableOf(key.references).text
      return {
        mode: 'none',
        reason: `the user of this connection may not read ${name}, which it refers to and which may hold the texts (grant select on ${name})`,
      }
    }
    const texts = await readTable(db, key.references)
    const given = choices.text === undefined ? null : columnOr(texts, choices.text)
    const text =
      given === null
        ? ((await textOf(db, texts)) ?? onlyText(texts))
        : (await reads(db, texts, given))
          ? given
          : null
    if (text !== null) return { texts, text, join: joinBy(key) }
  }
  const last = choices.text === undefined ? onlyText(vectors) : columnOr(vectors, choices.text)
  if (last !== null) return { ...own, text: last }
  return { mode: 'none', reason: 'no column with the text was found: name it with --text' }
}

function joinBy({ columns, referencedColumns }: ForeignKeyFacts): Join {
  return { own: columns, referenced: referencedColumns }
}

/** In the table that the operator named. */
async function inNamedTable(
  db: Queryable,
  vectors: TableFacts,
  table: string,
  choices: PlaceChoices,
): Promise<Texts | NoPlace> {
  const texts = await readTable(db, await namedTable(db, table))
  const text =
    choices.text === undefined
      ? ((await textOf(db, texts)) ?? onlyText(texts))
      : columnOr(texts, choices.text)
  if (text === null)
    return { mode: 'none', reason: `${table} has no column with the text: name it with --text` }
  const { schema, name } = texts.name
  const known = vectors.foreignKeys.find(
    ({ references }) => references.schema === schema && references.name === name,
  )
  if (choices.key !== undefined) {
    const own = columnsOf(vectors, choices.key)
    if (own === null) {
      throw new RevectorError('INVALID_INPUT', `${vectors.name.name} has no column ${choices.key}.`, {
        hint: '--key names the columns of the table of vectors that hold the key of the table of texts.',
        data: { table: vectors.name.name, key: choices.key },
      })
    }
    return { texts, text, join: { own, referenced: null } }
  }
  if (known !== undefined) return { texts, text, join: joinBy(known) }
  return {
    mode: 'none',
    reason: `no foreign key leads from it to ${table}: name the columns that hold its key with --key`,
  }
}

async function isReadable(db: Queryable, { schema, name }: TableName): Promise<boolean> {
  const { rows } = await db.query<{ readable: boolean }>(sql`
    select has_schema_privilege(n.oid, 'usage') and has_table_privilege(c.oid, 'select') as readable
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = ${schema} and c.relname = ${name}`)
  return rows[0]?.readable === true
}

/** Whether PostgreSQL takes the expression over this table. */
export async function reads(db: Queryable, { name }: TableFacts, expression: string): Promise<boolean> {
  try {
    await db.query(sql`select (${raw(expression)})::text from ${tableOf(name)} limit ${0}`)
    return true
  } catch (error) {
    if (isRevectorError(error) && String(error.data['sqlstate'] ?? '').startsWith('42')) return false
    throw error
  }
}

/** By what made it, by well-known names, or by what is in its JSON. */
async function textOf(db: Queryable, table: TableFacts): Promise<string | null> {
  const own = toolOf(table)?.text ?? named(table)
  if (own !== null) return ident(own).text
  for (const { name, baseType } of table.columns.filter((one) => ['jsonb', 'json'].includes(one.baseType))) {
    const json = baseType === 'jsonb' ? ident(name).text : `${ident(name).text}::jsonb`
    const key = await keyWithText(db, table, json)
    if (key !== null) return `(${json} ->> ${literal(key).text.trim()})`
  }
  return null
}

/** `pageContent` is `page_content`, as mappers of objects write it. */
function named(table: TableFacts): string | null {
  const texts = table.columns.filter(isText).sort((a, b) => Number(a.generated) - Number(b.generated))
  for (const name of textNames) {
    const found = texts.find((column) => spelled(column.name) === spelled(name))
    if (found !== undefined) return found.name
  }
  return null
}

export function spelled(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '')
}

const otherTexts =
  /(model|provider|language|lang|type|kind|status|state|hash|checksum|source|url|uri|path|title|name|namespace|collection|tenant|user|key|id|embedding|vector)$/

/** The only column that can hold it. */
function onlyText(table: TableFacts): string | null {
  const [found, other] = textCandidates(table).filter((name) => !otherTexts.test(name.toLowerCase()))
  return found === undefined || other !== undefined ? null : ident(found).text
}

/** Looks at some rows. */
async function keyWithText(db: Queryable, { name }: TableFacts, json: string): Promise<string | null> {
  const { rows } = await db.query<{ key: string }>(sql`
    select k.key
    from (select ${raw(json)} as m from ${tableOf(name)} limit 20) as sample
    cross join unnest(${textKeys}::text[]) with ordinality as k (key, place)
    where jsonb_typeof(m) = 'object' and jsonb_typeof(m -> k.key) = 'string'
    order by k.place limit 1`)
  return rows[0]?.key ?? null
}
