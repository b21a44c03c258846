// npm start: the service on the embedded engine, with its console. Options go to `revector serve`; a database URL among
// them, or a folder, is used in place of ./.revector.
import { main } from '../dist/cli/main.js'

const given = process.argv.slice(2)
const place = given.some((argument) => /^--(database-url|data-dir)(=|$)/.test(argument))
// Named here so that a DATABASE_URL in the environment is not what a first look writes to.
const folder = place ? [] : ['--data-dir', process.env.REVECTOR_DATA_DIR || './.revector']
process.exitCode = await main([...folder, 'serve', ...given])
