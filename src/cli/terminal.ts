import { type Style, styleFor } from './text.ts'

export interface GlobalFlags {
  readonly databaseUrl?: string
  readonly dataDir?: string
  readonly schema?: string
  readonly config?: string
  readonly logDir?: string
  readonly json?: boolean
  readonly quiet?: boolean
  readonly verbose?: boolean
  readonly yes?: boolean
  /** False after `--no-color`. */
  readonly color: boolean
}

/** The command's output: data on standard output, everything else on standard error. */
export interface Terminal {
  readonly json: boolean
  readonly quiet: boolean
  /** The user can be asked: standard input and standard error are a terminal. */
  readonly interactive: boolean
  /** Standard error is a terminal: bars may be drawn. */
  readonly live: boolean
  /** Width of the layout in columns. */
  readonly width: number
  /** For standard output. */
  readonly style: Style
  /** For standard error. */
  readonly noteStyle: Style
  print(text: string): void
  /** Without a line end. */
  write(text: string): void
  /** A line on standard error that `--quiet` suppresses. */
  note(text: string): void
  /** A line on standard error that `--quiet` does not suppress: why the command fails. */
  complain(text: string): void
}

export function openTerminal(flags: GlobalFlags): Terminal {
  const { stdin, stdout, stderr } = process
  const quiet = flags.quiet === true
  // hasColors() is false for NO_COLOR, NODE_DISABLE_COLORS and dumb terminals.
  const colours = (stream: NodeJS.WriteStream) => flags.color && stream.isTTY === true && stream.hasColors()
  const complain = (text: string) => void stderr.write(`${text}\n`)
  return {
    json: flags.json === true,
    quiet,
    interactive: stdin.isTTY === true && stderr.isTTY === true,
    live: stderr.isTTY === true && !quiet,
    width: Math.min(Math.max(stdout.columns ?? 100, 40), 120),
    style: styleFor(colours(stdout)),
    noteStyle: styleFor(colours(stderr)),
    write: (text) => void stdout.write(text),
    print: (text) => void stdout.write(`${text}\n`),
    note: quiet ? () => {} : complain,
    complain,
  }
}
