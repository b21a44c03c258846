import { ident, raw, type Sql, sql } from '../../postgres/sql.ts'
import { copiedModel } from '../attach/copied.ts'
import { literal, shortName } from '../catalog.ts'
import { type TableName, tableOf } from '../layout.ts'
import type { CapturedKeys } from './keys.ts'

/** A table that holds chunk texts. */
export interface Captured {
  /** Where Revector's own tables are. */
  readonly schema: string
  readonly table: TableName
  /** A column, as the type of the ids of chunks. */
  readonly id: Sql
  /** SQL over the columns of the table. */
  readonly text: Sql
  /** Limits the rows, likewise. */
  readonly where: Sql
  /** Its column for the SHA-256 of the text, in hex; null if the column is an application's, which may mean another hash. */
  readonly hash: { readonly column: string; readonly of: string } | null
  /** Transition tables; or one row at a time, where PostgreSQL allows no others: partitions and their parents. */
  readonly each: 'statement' | 'row'
  /** An application's own, which no foreign key refers to, and in which some model's vectors lie, too. */
  readonly ofApplication: boolean
  /** Another model whose vectors lie in a table of the application, and which Revector fills; or null. */
  readonly exposed: number | null
  /** Whether the first model's vectors are a copy of an application's, which other triggers keep. */
  readonly copied?: boolean
  /** Tables that inherit its columns: their writes are followed too. */
  readonly heirs?: readonly TableName[]
  readonly keys?: CapturedKeys
}

const captureName = 'revector_capture_chunks'
const hashName = 'revector_hash_chunks'

// What JavaScript's trim() removes, as in src/store/scope.ts: such texts can't be embedded.
export const blanks = raw(
  String.raw`E' \t\n\x0B\f\r\u00A0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200A\u2028\u2029\u202F\u205F\u3000\uFEFF'`,
)

/** Records, in the transaction that writes chunks, what the written models lack then. */
export function captureFunction(captured: Captured): Sql {
  const { schema, table, id, text, where, each, ofApplication, exposed, keys, copied = false } = captured
  const [models, pending, quarantined, vectors] = [
    'embedding_models',
    'pending_chunks',
    'quarantined_chunks',
    'chunk_embeddings',
  ].map((name) => ident(schema, name))
  // The alias is for expressions that name the table.
  const rows = (row: string, transition: string): Sql => {
    const from = each === 'row' ? sql`(select ${raw(row)}.*)` : raw(transition)
    return sql`(select ${id} as id, (${text})::text as content${keys?.columns ?? sql``} from ${from} as ${ident(table.name)} where ${where})`
  }
  const [fresh, before] = [rows('new', 'new_rows'), rows('old', 'old_rows')]
  // A row that changes its partition is inserted there, and keeps its vectors.
  const deleted = sql`
    delete from ${vectors} e using ${before} o where e.chunk_id = o.id;
    delete from ${quarantined} q using ${before} o where q.chunk_id = o.id;`
  const gone = sql`
  delete from ${vectors} e
  using ${before} o where e.chunk_id = o.id and not exists (select from ${fresh} n where n.id = o.id);
  delete from ${quarantined} q
  using ${before} o where q.chunk_id = o.id and not exists (select from ${fresh} n where n.id = o.id);`
  // An application writes the vectors in its own table itself: a view of Revector's shows them.
  const tables = sql`
    and (m.id = ${raw(String(exposed ?? 'null'))} or exists (
      select from pg_inherits i join pg_class c on c.oid = i.inhrelid
      where i.inhparent = ${literal(ident(schema, 'chunk_embeddings').text)}::regclass and c.relname = 'chunk_embeddings_model_' || m.id
    ))`
  const others = copied ? sql` and m.id <> ${raw(String(copiedModel))}` : sql``
  const isWritten = sql`m.state in ('current', 'filling', 'standby')${ofApplication ? tables : sql``}${others}`
  const insertedHash = each === 'row' ? sql`sha256(convert_to(n.content, 'UTF8'))` : sql`null`
  return sql`
create or replace function ${ident(schema, captureName)}() returns trigger
language plpgsql security definer set search_path = ${ident(schema)}, pg_temp ${keys?.settings ?? sql``}
as $function$
declare
  spare integer;
begin
  if tg_op = 'TRUNCATE' then
    delete from ${pending};
    delete from ${quarantined};
    delete from ${vectors};
    ${keys?.truncate ?? sql``}
    return null;
  end if;

  if tg_op = 'DELETE' then
    delete from ${pending} p using ${before} o where p.chunk_id = o.id;
    -- Everything else goes by foreign keys, where there are any.${ofApplication ? deleted : sql``}
    ${keys?.remove(before) ?? sql``}
    return null;
  end if;

  -- The state of a model changes while all rows of models are held, so holding one in share is enough: a migration that
  -- starts or cuts over waits for this transaction, or came first, and the statements below see what it did.
  perform 1 from ${models} order by id limit 1 for share;

  if tg_op = 'INSERT' then
    ${keys?.add(fresh) ?? sql``}
    insert into ${pending} (model_id, chunk_id, text_hash)
    select m.id, n.id, ${insertedHash}
    from ${fresh} n cross join ${models} m
    where ${isWritten} and btrim(n.content, ${blanks}) <> ''
    on conflict do nothing;
    return null;
  end if;

  ${keys?.change(before, fresh) ?? sql``}
  -- An update may change ids too: a text is unchanged if a row of its id had it before.
  delete from ${pending} p
  using ${before} o
  where p.chunk_id = o.id and not exists (select from ${fresh} n where n.id = o.id);${ofApplication ? gone : sql``}

  delete from ${quarantined} q
  using ${fresh} n left join ${before} o on o.id = n.id
  where q.chunk_id = n.id and (o.id is null or o.content is distinct from n.content);

  insert into ${pending} as p (model_id, chunk_id, text_hash)
  select distinct on (n.id, m.id) m.id, n.id, sha256(convert_to(n.content, 'UTF8'))
  from ${fresh} n
  left join ${before} o on o.id = n.id
  cross join ${models} m
  where ${isWritten} and btrim(n.content, ${blanks}) <> ''
    and (o.id is null or o.content is distinct from n.content)
  order by n.id, m.id
  on conflict (model_id, chunk_id) do update set text_hash = excluded.text_hash, since = excluded.since;

  -- What a model that is not written has of the old text would stay, and no one would make it anew.
  for spare in select id from ${models} where state = 'registered' loop
    delete from ${vectors} e
    using ${fresh} n join ${before} o on o.id = n.id
    where e.model_id = spare and e.chunk_id = n.id and o.content is distinct from n.content;
  end loop;

  -- Nothing can be embedded of a blank text: what the chunk had goes now.
  if exists (select from ${fresh} n where btrim(coalesce(n.content, ''), ${blanks}) = '') then
    delete from ${vectors} e
    using ${fresh} n where e.chunk_id = n.id and btrim(coalesce(n.content, ''), ${blanks}) = '';
    delete from ${pending} p
    using ${fresh} n where p.chunk_id = n.id and btrim(coalesce(n.content, ''), ${blanks}) = '';
  end if;
  return null;${ofApplication ? unharmed : sql``}
end
$function$`
}

/**
 * What its owner renames, and a value that an expression can't take, is missed until it is mended, and `doctor` finds that: no
 * reason to refuse a write.
 */
export const unharmed = sql`
exception when others then
  -- What asks for another attempt, or for an end, is the application's to know.
  if sqlstate ~ '^(40|53|57|58|XX)' then
    raise;
  end if;
  raise warning 'Revector could not record this change: %', sqlerrm using hint = 'Run revector doctor.';
  return null;`

/** Keeps the hash of a text true, whatever writes it: equal texts are found by it. */
function hashFunction(schema: string, { column, of }: NonNullable<Captured['hash']>): Sql {
  return sql`
create function ${ident(schema, hashName)}() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp
as $function$
begin
  new.${ident(column)} := encode(sha256(convert_to(new.${ident(of)}::text, 'UTF8')), 'hex');
  return new;
end
$function$`
}

/**
 * The functions and triggers of a table, in order. Revector's own writers say so in their transaction
 * (`TransactionOptions.writesChunks`): they store the vectors, or record what is pending, themselves.
 */
export function captureStatements(captured: Captured): readonly Sql[] {
  const { schema, table, hash, each, ofApplication, heirs = [] } = captured
  const on = tableOf(table)
  // Several installations may follow one table of an application.
  const named = (event: string): string =>
    shortName(ofApplication ? `revector_${event}_${schema}` : `${captureName}_${event}`)
  const byOthers = sql` when (current_setting('revector.writer', true) is distinct from 'on')`
  const capture = (on: Sql, event: string, tables: string, when: Sql = sql``): Sql => {
    const referencing = each === 'row' ? sql`` : sql` referencing ${raw(tables)}`
    return sql`
      create trigger ${ident(named(event))} after ${raw(event)} on ${on}${referencing}
      for each ${raw(each)}${when} execute function ${ident(schema, captureName)}()`
  }
  const followed = (on: Sql): readonly Sql[] => [
    capture(on, 'insert', 'new table as new_rows', byOthers),
    capture(on, 'update', 'new table as new_rows old table as old_rows', byOthers),
    capture(on, 'delete', 'old table as old_rows'),
  ]
  return [
    captureFunction(captured),
    ...followed(on),
    sql`
      create trigger ${ident(named('truncate'))} after truncate on ${on}
      for each statement execute function ${ident(schema, captureName)}()`,
    ...heirs.flatMap((heir) => followed(tableOf(heir))),
    ...(hash === null
      ? []
      : [
          hashFunction(schema, hash),
          sql`
      create trigger ${ident(hashName)} before insert or update of ${ident(hash.of)}, ${ident(hash.column)} on ${on}
      for each row${byOthers} execute function ${ident(schema, hashName)}()`,
        ]),
  ]
}

/** Dropping them drops the triggers too, which only the owner of the table might drop by themselves. */
export function captureFunctions(schema: string): readonly Sql[] {
  return [ident(schema, captureName), ident(schema, hashName)]
}
