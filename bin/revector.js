#!/usr/bin/env node
import { existsSync } from 'node:fs'
import module from 'node:module'

if (!existsSync(new URL('../dist/cli/main.js', import.meta.url))) {
  process.stderr.write('error: This checkout is not compiled.\n hint: npm run build\n')
  process.exit(1)
}

// Node 22 and newer keep what they compiled: the next start is quicker.
module.enableCompileCache?.()
const { main } = await import('../dist/cli/main.js')

process.exitCode = await main(process.argv.slice(2))
