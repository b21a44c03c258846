import type { Terminal } from './terminal.ts'
import { displayWidth } from './text.ts'

/** A block of lines on standard error that redraws itself. */
export interface Screen {
  draw(text: string): void
  /** Removes the block: the next output says how it ended. */
  close(): void
}

/** Without a terminal, a block is an occasional paragraph. */
const paragraphEveryMs = 10_000

export function openScreen(terminal: Terminal): Screen {
  return terminal.live ? overItself() : nowAndThen(terminal)
}

function overItself(): Screen {
  const { stderr } = process
  let rows = 0
  const erase = (): string => (rows === 0 ? '' : `\u001b[${rows}A\u001b[0J`)
  return {
    draw(text) {
      const columns = stderr.columns ?? 80
      // A line wider than the terminal takes several rows.
      const taken = text
        .split('\n')
        .reduce((sum, line) => sum + Math.max(1, Math.ceil(displayWidth(line) / columns)), 0)
      stderr.write(`${erase()}${text}\n`)
      rows = taken
    },
    close() {
      stderr.write(erase())
      rows = 0
    },
  }
}

function nowAndThen(terminal: Terminal): Screen {
  let saidAt = Number.NEGATIVE_INFINITY
  return {
    draw(text) {
      if (performance.now() - saidAt < paragraphEveryMs) return
      saidAt = performance.now()
      terminal.note(`${text}\n`)
    },
    close() {},
  }
}
