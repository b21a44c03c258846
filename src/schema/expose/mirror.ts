import { pgvectorOperator } from '../../postgres/pgvector.ts'
import { ident, raw, type Sql, sql } from '../../postgres/sql.ts'
import { blanks } from '../capture/functions.ts'
import { literal, shortName } from '../catalog.ts'
import { tableOf } from '../layout.ts'
import { assigned, keyOf, listed, type Pair, type Side } from './pair.ts'

/** From the application's table to the one made like it, or back. */
export type Direction = 'out' | 'in'

/** Said by what keeps the tables in step while it does, so that nothing comes back. */
export const mirrorSetting = 'revector.mirror'

export function mirrorName(schema: string, direction: Direction): Sql {
  return ident(schema, `revector_mirror_${direction}`)
}

/** How functions that write for an application are declared: as the owner of Revector's tables, for no one to call. */
export function writesFor({ schema, home }: Pick<Pair, 'schema' | 'home'>): Sql {
  // The application's own triggers find what they name without a schema; ours name everything with one.
  return sql`language plpgsql security definer
set search_path = ${ident(home)}, public, ${ident(schema)}, pg_temp`
}

/** First and last of such a function; an error between them undoes the first. A clause of the function needs a superuser. */
export const silently = sql`perform set_config(${literal(mirrorSetting)}, 'on', true);`
export const audibly = sql`perform set_config(${literal(mirrorSetting)}, '', true);`

/**
 * Does to one table what was done to the other, in the same statement's transaction: all columns but the vector. What the
 * model of the other side lacks from now on is recorded as pending, and what it has been given is not.
 */
function mirrorFunction(pair: Pair, direction: Direction): Sql {
  const { schema, alias, text, where, vector, nullable, columns } = pair
  const [source, target] = direction === 'out' ? [pair.old, pair.new] : [pair.new, pair.old]
  const rows = (row: string, transition: string): Sql => {
    const from = source.each === 'row' ? sql`(select ${raw(row)}.*)` : raw(transition)
    return sql`(select ${alias}.*, (${text})::text as revector_text, (${where}) as revector_in from ${from} as ${alias})`
  }
  const [fresh, before] = [rows('new', 'new_rows'), rows('old', 'old_rows')]
  const onto = tableOf(target.table)
  const set = assigned(pair, 'n')
  const upsert = (of: Sql): Sql => sql`
    insert into ${onto} (${listed(columns)}) overriding system value
    select ${listed(columns, 'n')} from ${of} n
    where n.revector_in
    on conflict (${ident(pair.key)}) do ${set === null ? sql`nothing` : sql`update set ${assigned(pair, 'excluded') ?? sql``}`};`
  const newKeys = sql`(select n.* from ${fresh} n where not exists (
      select from ${before} b where ${keyOf(pair, 'b')} = ${keyOf(pair, 'n')}))`
  const blank = (row: string): Sql => sql`btrim(coalesce(${raw(row)}.revector_text, ''), ${blanks}) = ''`
  const vectorIfBlank = nullable
    ? sql`, ${ident(vector)} = case when ${blank('n')} then null else t.${ident(vector)} end`
    : sql``
  const update =
    set === null
      ? sql``
      : sql`
    update ${onto} t set ${set}${vectorIfBlank}
    from ${fresh} n join ${before} b on ${keyOf(pair, 'b')} = ${keyOf(pair, 'n')}
    where ${keyOf(pair, 't')} = ${keyOf(pair, 'n')} and (${asTexts(pair, 'n')}) is distinct from (${asTexts(pair, 'b')});`
  const held = direction === 'in' ? heldModels(schema) : sql``
  return sql`
create or replace function ${mirrorName(schema, direction)}() returns trigger
${writesFor(pair)}
as $function$
begin
  ${silently}
  if tg_op = 'TRUNCATE' then
    delete from ${onto} as ${alias} where ${where};${forgottenAll(pair, direction)}
  elsif tg_op = 'DELETE' then
    delete from ${onto} t using ${before} b where ${keyOf(pair, 't')} = ${keyOf(pair, 'b')};${forgotten(pair, direction, before)}
  elsif tg_op = 'INSERT' then${held}${nullable ? upsert(fresh) : sql``}${inserted(pair, { source, target, direction, fresh, blank })}
  else${held}
    -- A row that got another key is one that went, and one that came.
    delete from ${onto} t using ${before} b
    where ${keyOf(pair, 't')} = ${keyOf(pair, 'b')}
      and not exists (select from ${fresh} n where ${keyOf(pair, 'n')} = ${keyOf(pair, 'b')});${update}${nullable ? upsert(newKeys) : sql``}
${changed(pair, { source, target, direction, fresh, before, blank })}
  end if;
  ${audibly}
  return null;
end
$function$`
}

interface Parts {
  readonly source: Side
  readonly target: Side
  readonly direction: Direction
  readonly fresh: Sql
  readonly blank: (row: string) => Sql
}

/** A migration that cuts over waits for this transaction, or came first (as in capture). */
function heldModels(schema: string): Sql {
  return sql`
  perform 1 from ${ident(schema, 'embedding_models')} order by id limit 1 for share;`
}

/** Compared as texts: not every type has an operator for it, and no other role's operator is ever called. */
function asTexts({ settable }: Pair, alias: string): Sql {
  const [first, ...rest] = settable.map((column) => sql`${raw(alias)}.${ident(column)}::text`)
  return rest.reduce((all, one) => sql`${all}, ${one}`, first ?? sql``)
}

function isWritten({ schema }: Pair, { modelId }: Side): Sql {
  return sql`exists (
      select from ${ident(schema, 'embedding_models')} m
      where m.id = ${raw(String(modelId))} and m.state in ('current', 'filling', 'standby'))`
}

/** An inserted row lacks the other model's vector; triggers on the application's table record all models but its own. */
function inserted(pair: Pair, { source, target, direction, fresh, blank }: Parts): Sql {
  const { schema, vector } = pair
  const pending = ident(schema, 'pending_chunks')
  const own = sql`
    delete from ${pending} p using ${fresh} n
    where p.model_id = ${raw(String(source.modelId))} and p.chunk_id = ${keyOf(pair, 'n')} and n.${ident(vector)} is not null;`
  if (direction === 'out') return own
  return sql`
    insert into ${pending} (model_id, chunk_id)
    select ${raw(String(target.modelId))}, ${keyOf(pair, 'n')} from ${fresh} n
    where n.revector_in and not ${blank('n')} and ${isWritten(pair, target)}
    on conflict do nothing;${own}`
}

/** A changed text makes the other model's vector stale, and this one's unless it was given with the text. */
function changed(
  pair: Pair,
  { source, target, direction, fresh, before, blank }: Parts & { before: Sql },
): Sql {
  const { schema, vector } = pair
  const pending = ident(schema, 'pending_chunks')
  const v = ident(vector)
  const isGiven = sql`(n.${v} is not null and (b.${v} is null or n.${v} ${pgvectorOperator('<>')} b.${v}))`
  const hash = sql`sha256(convert_to(n.revector_text, 'UTF8'))`
  const lacks = (side: Side, unless: Sql): Sql => sql`
  insert into ${pending} (model_id, chunk_id, text_hash)
  select ${raw(String(side.modelId))}, ${keyOf(pair, 'n')}, ${hash}
  from ${fresh} n left join ${before} b on ${keyOf(pair, 'b')} = ${keyOf(pair, 'n')}
  where n.revector_in and not ${blank('n')} and b.revector_text is distinct from n.revector_text${unless}
    and ${isWritten(pair, side)}
  on conflict (model_id, chunk_id) do update set text_hash = excluded.text_hash, since = excluded.since;`
  const given = sql`
  delete from ${pending} p
  using ${fresh} n left join ${before} b on ${keyOf(pair, 'b')} = ${keyOf(pair, 'n')}
  where p.model_id = ${raw(String(source.modelId))} and p.chunk_id = ${keyOf(pair, 'n')} and ${isGiven}
    and (p.text_hash is null or p.text_hash = ${hash});`
  if (direction === 'out') return given
  const renamed = sql`
  delete from ${pending} p using ${before} b
  where p.chunk_id = ${keyOf(pair, 'b')} and not exists (select from ${fresh} n where ${keyOf(pair, 'n')} = ${keyOf(pair, 'b')});`
  return sql`${renamed}${lacks(target, sql``)}${lacks(source, sql` and not coalesce(${isGiven}, false)`)}${given}`
}

/** Rows that the application's table never had are followed by none of its triggers. */
function forgotten(pair: Pair, direction: Direction, before: Sql): Sql {
  if (direction === 'out') return sql``
  const gone = (table: string): Sql => sql`
    delete from ${ident(pair.schema, table)} p using ${before} b where p.chunk_id = ${keyOf(pair, 'b')};`
  return sql`${gone('pending_chunks')}${gone('quarantined_chunks')}`
}

function forgottenAll({ schema }: Pair, direction: Direction): Sql {
  if (direction === 'out') return sql``
  return sql`
    delete from ${ident(schema, 'pending_chunks')};
    delete from ${ident(schema, 'quarantined_chunks')};`
}

/** Both functions with their triggers, in order. */
export function mirrorStatements(pair: Pair): readonly Sql[] {
  return [...oneWay(pair, 'out'), ...oneWay(pair, 'in')]
}

function oneWay(pair: Pair, direction: Direction): readonly Sql[] {
  const { schema } = pair
  const { table, each } = direction === 'out' ? pair.old : pair.new
  const byOthers = sql` when (current_setting(${literal(mirrorSetting)}, true) is distinct from 'on')`
  const trigger = (event: string, tables: string): Sql => {
    const isWhole = event === 'truncate'
    const referencing = isWhole || each === 'row' ? sql`` : sql` referencing ${raw(tables)}`
    return sql`
      create trigger ${ident(shortName(`revector_mirror_${event}_${schema}`))} after ${raw(event)} on ${tableOf(table)}${referencing}
      for each ${raw(isWhole ? 'statement' : each)}${byOthers} execute function ${mirrorName(schema, direction)}()`
  }
  return [
    mirrorFunction(pair, direction),
    trigger('insert', 'new table as new_rows'),
    trigger('update', 'new table as new_rows old table as old_rows'),
    trigger('delete', 'old table as old_rows'),
    trigger('truncate', ''),
  ]
}
