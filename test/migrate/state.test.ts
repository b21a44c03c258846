import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { expect, it } from 'vitest'
import { decide, type Position, table, transitions } from '../../src/migrate/state.ts'
import { migrationStates, openStates, type PausableState } from '../../src/wire/migration.ts'
import { root } from '../docs/pages.ts'

const finished = ['retired', 'cancelled'] as const
const pausable = openStates.filter((state): state is PausableState => state !== 'paused')

function positions(): Position[] {
  return migrationStates.flatMap((state): Position[] =>
    state === 'paused'
      ? pausable.map((pausedFrom) => ({ state, pausedFrom }))
      : [{ state, pausedFrom: null }],
  )
}

/** The state after an event; the state itself where nothing changes; null where it is refused. */
function after(position: Position, event: (typeof transitions)[number]): Position | null {
  try {
    return decide(position, event) ?? position
  } catch (error) {
    expect(error).toMatchObject({ code: 'MIGRATION_STATE', hint: expect.stringMatching(/\S/) })
    return null
  }
}

it('every state and event is decided, and a pause always says where it began', () => {
  expect(Object.keys(table).sort()).toEqual([...migrationStates].sort())
  for (const position of positions()) {
    expect(Object.keys(table[position.state]).sort()).toEqual([...transitions].sort())
    for (const event of transitions) {
      const next = after(position, event)
      if (next !== null) expect(next.state === 'paused').toBe(next.pausedFrom !== null)
    }
  }
})

it('an event that comes twice does no more than once', () => {
  for (const position of positions()) {
    for (const event of transitions) {
      const once = after(position, event)
      if (once === null) continue
      expect(after(once, event) ?? once).toEqual(once)
    }
  }
})

it('nothing leaves an end; a cut-over comes only from ready, and only a cut-over is rolled back or retired', () => {
  for (const position of positions()) {
    for (const event of transitions) {
      const next = after(position, event)
      if (next === null || next.state === position.state) continue
      expect(finished).not.toContain(position.state)
      if (next.state === 'cut_over') expect(position.state).toBe('ready')
      if (next.state === 'rolled_back' || next.state === 'retired') expect(position.state).toBe('cut_over')
      if (next.state === 'ready') {
        expect(['verifying', 'verifying paused', 'ready paused']).toContain(
          position.pausedFrom === null ? position.state : `${position.pausedFrom} paused`,
        )
      }
    }
  }
})

it('whatever is open can be paused, resumed where it was, and cancelled', () => {
  for (const state of pausable) {
    const paused = after({ state, pausedFrom: null }, 'paused')
    expect(paused).toEqual({ state: 'paused', pausedFrom: state })
    expect(after({ state: 'paused', pausedFrom: state }, 'resumed')).toEqual({ state, pausedFrom: null })
    expect(after({ state, pausedFrom: null }, 'cancelled')).toMatchObject({ state: 'cancelled' })
  }
})

it('a table with a missing state or event does not compile', () => {
  const path = join(root, 'src/migrate/state.ts')
  const whole = readFileSync(path, 'utf8')
  const withoutEvent = whole.replace(/(filling: \{[\s\S]*?)\n {4}gaps: stay,/, '$1')
  const withoutState = whole.replace(/\n {2}rolled_back: \{[\s\S]*?\n {2}\},/, '')
  expect([withoutEvent, withoutState]).not.toContain(whole)
  expect(faults(path, whole)).toEqual([])
  expect(faults(path, withoutEvent)).toEqual([expect.stringContaining("'gaps' is missing")])
  expect(faults(path, withoutState)).toEqual([expect.stringContaining("'rolled_back' is missing")])
})

/** Compiles the file with this text in place of its own. */
function faults(path: string, text: string): string[] {
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2023,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    allowImportingTsExtensions: true,
    types: ['node'],
    strict: true,
    noEmit: true,
    skipLibCheck: true,
  }
  const host = ts.createCompilerHost(options)
  const { getSourceFile } = host
  host.getSourceFile = (file, version, ...rest) =>
    file === path ? ts.createSourceFile(file, text, version) : getSourceFile(file, version, ...rest)
  const program = ts.createProgram([path], options, host)
  return ts
    .getPreEmitDiagnostics(program)
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' '))
}
