import type { Command } from 'commander'
import { counted } from '../core/counted.ts'
import { encode } from '../wire/codec.ts'
import { type Check, type DoctorReport, doctorReport, type RoleReport } from '../wire/doctor.ts'
import { nonEmpty } from './arguments.ts'
import type { Context, Start } from './run.ts'
import { plain, type Style, wrap } from './text.ts'

interface Flags {
  readonly role?: string
  readonly probe: boolean
}

export function addDoctor(program: Command, start: Start): void {
  program
    .command('doctor')
    .summary('look for present and coming problems')
    .description(
      'Checks that indexes exist and are used, that nothing is orphaned or pending, that workers are active, that providers ' +
        'still return the same vectors, and which models will be retired. If a check fails, the exit code is 1.',
    )
    .option('--no-probe', 'do not call providers')
    .option('--role <role>', 'also print the grants that this database role needs', nonEmpty('--role'))
    .action((flags: Flags) => start((context) => run(context, flags)))
}

async function run(context: Context, { probe, role }: Flags): Promise<number | undefined> {
  const { signal } = context.longCall()
  const report = await context.revector.doctor({ probe, role, signal })
  context.result(encode(doctorReport, report), () => reportText(report, context.terminal))
  return report.result === 'fail' ? 1 : undefined
}

function reportText(
  { checks, role }: DoctorReport,
  { style, width }: { readonly style: Style; readonly width: number },
): string {
  const lines = checks.flatMap((check) => {
    const about = check.model === null ? check.check : `${check.check} of ${check.model}`
    const mark = marks(style)[check.result]
    const indent = ' '.repeat(6)
    const texts = [plain(check.sentence), ...(check.hint === '' ? [] : [plain(check.hint)])]
    return [
      `${mark}  ${style.bold(about.replaceAll('_', ' '))}`,
      ...texts.flatMap((text) => wrap(text, width - indent.length)).map((line) => indent + line),
    ]
  })
  return [...lines, '', summary(checks), ...(role === null ? [] : roleLines(role, style))].join('\n')
}

const meanings: Readonly<Record<RoleReport['works'][number]['work'], string>> = {
  'search-as': 'be searched as, so that its row level security holds',
  'read-only': 'search, ask and list',
  service: 'also ingest, fill, cut over, make keys',
  owner: 'also upgrade, add and remove models, start migrations, build indexes',
  adopt: 'before there is anything: adopts an application’s tables',
}

/** Statements as they can be run: one a line, not wrapped. */
function roleLines({ name, works }: RoleReport, style: Style): string[] {
  return works.flatMap(({ work, allowed, grants }) => [
    '',
    `${style.bold(`${plain(name)} as ${work}`)} (${meanings[work]}): ${allowed ? 'has all that it needs.' : 'needs'}`,
    ...grants.filter(({ held }) => !held).map(({ statement }) => `${plain(statement)};`),
  ])
}

function marks(style: Style): Readonly<Record<Check['result'], string>> {
  return { ok: style.green('ok  '), warn: style.yellow('warn'), fail: style.red('FAIL') }
}

function summary(checks: readonly Check[]): string {
  const number = (result: Check['result']) => checks.filter((check) => check.result === result).length
  return `${counted(checks.length, 'check')}: ${number('ok')} ok, ${counted(number('warn'), 'warning')}, ${counted(number('fail'), 'failure')}.`
}
