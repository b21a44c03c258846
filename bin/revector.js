#!/usr/bin/env node
import module from 'node:module'

// Node 22 and newer keep what they compiled: the next start is quicker.
module.enableCompileCache?.()
const { main } = await import('../dist/cli/main.js')

process.exitCode = await main(process.argv.slice(2))
