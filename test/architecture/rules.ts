import { posix } from 'node:path'
import ts from 'typescript'

/** A file of `src/`, by its path below it: `search/nearest.ts`. */
export interface SourceText {
  readonly path: string
  readonly text: string
}

export interface Import {
  readonly from: string
  /** Path below `src/`, or the name of a package. */
  readonly to: string
  readonly package: boolean
}

/**
 * From the top down, one floor a row. A file imports from its own folder and from floors below its own, never from a
 * neighbour's.
 */
export const layers: readonly (readonly string[])[] = [
  ['cli'],
  ['mcp'],
  ['http', 'index.ts', 'testing', 'frameworks'],
  ['library'],
  ['ingest', 'search', 'migrate', 'doctor', 'models', 'documents', 'access'],
  ['store'],
  ['schema', 'embedding', 'generating'],
  ['postgres', 'hosted', 'parsing', 'splitting', 'logs', 'config'],
  ['wire'],
  ['core'],
]

/** The path's first part: a folder of `src/`, or a file beside them. */
const unitOf = (path: string): string => path.split('/')[0] ?? path

const layerOf = (unit: string): number => layers.findIndex((names) => names.includes(unit))

/** Parts know only the nouns and how a hosted service is asked; they are wired to each other and to the database by flows. */
const parts = new Set(['parsing', 'splitting', 'embedding', 'generating', 'logs'])

export function importsOf(file: SourceText): Import[] {
  const found = ts.preProcessFile(file.text, true, true).importedFiles
  return found.map(({ fileName }) => {
    const own = fileName.startsWith('.')
    const to = own ? posix.normalize(posix.join(posix.dirname(file.path), fileName)) : fileName
    return { from: file.path, to, package: !own }
  })
}

/** Imports that go up, sideways, or out of the known layers. */
export function layerFaults(files: readonly SourceText[]): string[] {
  return files.flatMap((file) => {
    const unit = unitOf(file.path)
    const layer = layerOf(unit)
    if (layer < 0) return [`${file.path} belongs to no layer`]
    return importsOf(file).flatMap(({ to, package: external }) => {
      if (external || unitOf(to) === unit) return []
      const target = layerOf(unitOf(to))
      if (to.startsWith('../') || target < 0) return [`${file.path} imports ${to}, which belongs to no layer`]
      if (target < layer) return [`${file.path} imports upward: ${to}`]
      if (target === layer) return [`${file.path} imports its neighbour ${to}`]
      return []
    })
  })
}

/**
 * The top-level folders and files, and the longest way down through them: so many floors has the house.
 *
 * @throws RangeError where the way goes in a circle
 */
export function houseOf(files: readonly SourceText[]): { rooms: string[]; longestWay: string[] } {
  const below = new Map<string, Set<string>>()
  for (const file of files) {
    const unit = unitOf(file.path)
    const targets = below.get(unit) ?? new Set()
    for (const { to, package: external } of importsOf(file)) {
      if (!external && unitOf(to) !== unit) targets.add(unitOf(to))
    }
    below.set(unit, targets)
  }
  const ways = new Map<string, string[]>()
  const longestFrom = (unit: string): string[] => {
    const way = ways.get(unit) ?? [unit, ...longestOf([...(below.get(unit) ?? [])].map(longestFrom))]
    ways.set(unit, way)
    return way
  }
  const rooms = [...below.keys()]
  return { rooms, longestWay: longestOf(rooms.map(longestFrom)) }
}

function longestOf(ways: readonly string[][]): string[] {
  return ways.reduce((longest, way) => (way.length > longest.length ? way : longest), [])
}

/** Circles of imports between files, each as the way round. */
export function cycles(files: readonly SourceText[]): string[] {
  const edges = new Map(
    files.map((file) => [file.path, importsOf(file).flatMap((found) => (found.package ? [] : [found.to]))]),
  )
  const done = new Set<string>()
  const faults: string[] = []
  const visit = (path: string, way: readonly string[]): void => {
    const at = way.indexOf(path)
    if (at >= 0) {
      faults.push([...way.slice(at), path].join(' → '))
      return
    }
    if (done.has(path)) return
    for (const next of edges.get(path) ?? []) visit(next, [...way, path])
    done.add(path)
  }
  for (const path of edges.keys()) visit(path, [])
  return faults
}

/** Folders that may hold SQL (`testing/` has a suite for engines), and packages that only one folder may know. */
const sqlUnits = new Set(['store', 'schema', 'postgres', 'testing'])
const ownedPackages: readonly (readonly [RegExp, readonly string[]])[] = [
  [/^(pg|pg-cursor|modern-tar|@electric-sql\/.*)$|^modern-tar\//, ['postgres']],
  [/^@ai-sdk\//, ['embedding', 'generating']],
  [/^(voyage-ai-provider|@energetic-ai\/.*|@huggingface\/.*)$/, ['embedding']],
  [/^(fastify.*|@fastify\/.*|prom-client)$/, ['http']],
  [/^(unpdf|mammoth|linkedom|@mozilla\/readability|turndown.*)$/, ['parsing']],
  [/^@modelcontextprotocol\//, ['mcp']],
  [/^(ai|@langchain\/.*)$/, ['frameworks']],
  [/^(commander|cli-progress|@clack\/.*|@bomb\.sh\/.*)$/, ['cli']],
]

const statement =
  /^\s*(select\s[\s\S]*\sfrom\s|insert\s+into\s|update\s+\S+\s+set\s|delete\s+from\s|create\s+(table|index|unique|extension)\s|alter\s+table\s|drop\s+(table|index)\s)/

/** Keywords are in one case throughout: a sentence that begins with "Select" is not SQL. */
const isSql = (text = ''): boolean => statement.test(/^\s*[A-Z]+\s/.test(text) ? text.toLowerCase() : text)

/** SQL, database clients, `process.env` and the console where they do not belong. */
export function contentFaults(files: readonly SourceText[]): string[] {
  return files.flatMap((file) => {
    const unit = unitOf(file.path)
    const faults = importsOf(file).flatMap((found) => {
      if (!found.package) return []
      const owners = ownedPackages.find(([name]) => name.test(found.to))?.[1] ?? []
      return owners.length === 0 || owners.includes(unit)
        ? []
        : [`${file.path} imports ${found.to}, which only ${owners.join('/ and ')}/ may`]
    })
    if (!sqlUnits.has(unit) && importsOf(file).some((found) => found.to === 'postgres/sql.ts')) {
      faults.push(`${file.path} writes SQL`)
    }
    const source = ts.createSourceFile(file.path, file.text, ts.ScriptTarget.Latest, false)
    const visit = (node: ts.Node): void => {
      if (readsEnvironment(node) && file.path !== 'config/config.ts')
        faults.push(`${file.path} reads process.env`)
      if (!sqlUnits.has(unit) && isSql(textOf(node))) faults.push(`${file.path} holds SQL`)
      ts.forEachChild(node, visit)
    }
    visit(source)
    return faults
  })
}

function readsEnvironment(node: ts.Node): boolean {
  if (ts.isPropertyAccessExpression(node)) {
    return node.name.text === 'env' && ts.isIdentifier(node.expression) && node.expression.text === 'process'
  }
  if (!ts.isImportDeclaration(node) || !ts.isStringLiteral(node.moduleSpecifier)) return false
  if (!/^(node:)?process$/.test(node.moduleSpecifier.text)) return false
  const names = node.importClause?.namedBindings
  return (
    names !== undefined && ts.isNamedImports(names) && names.elements.some((name) => name.name.text === 'env')
  )
}

function textOf(node: ts.Node): string | undefined {
  if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) return node.text
  if (ts.isTemplateExpression(node)) {
    return [node.head.text, ...node.templateSpans.map((span) => span.literal.text)].join('x')
  }
  return undefined
}

const longest = 300
const bucket = /^(utils?|common|helpers?|managers?|types|misc|shared|base)$/

/** Files too long to read at once, and names that say nothing. */
export function fileFaults(files: readonly SourceText[]): string[] {
  return files.flatMap(({ path, text }) => {
    const faults: string[] = []
    const lines = text.replace(/\n$/, '').split('\n').length
    if (lines > longest) faults.push(`${path} has ${lines} lines, more than ${longest}`)
    const names = path.split('/').map((name) => name.replace(/\.ts$/, ''))
    if (names.some((name) => bucket.test(name))) faults.push(`${path} is named for nothing in particular`)
    if (names.at(-1) === 'index' && !/^(testing\/)?index\.ts$/.test(path)) faults.push(`${path} is a hub`)
    return faults
  })
}

/** Parts that know more than the nouns of `core/`, `wire/` and `hosted/`. */
export function partFaults(files: readonly SourceText[]): string[] {
  return files.flatMap((file) => {
    const unit = unitOf(file.path)
    if (!parts.has(unit)) return []
    return importsOf(file).flatMap(({ to, package: external }) =>
      external || unitOf(to) === unit || ['core', 'wire', 'hosted'].includes(unitOf(to))
        ? []
        : [`${file.path} knows of ${to}`],
    )
  })
}
