import { chmod, mkdir, mkdtemp, realpath, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { isRevectorError } from '../../src/core/errors.ts'
import { type InputFile, type ListOptions, listInputs } from '../../src/ingest/files.ts'

let folder: string

beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'revector-files-')))
})

afterEach(async () => {
  await rm(folder, { recursive: true, force: true })
})

async function write(...paths: string[]): Promise<void> {
  for (const path of paths) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), `content of ${path}`)
  }
}

async function list(patterns: string[], options: ListOptions = {}): Promise<InputFile[]> {
  const files: InputFile[] = []
  for await (const file of listInputs(patterns, { cwd: folder, ...options })) files.push(file)
  return files
}

async function paths(patterns: string[], options: ListOptions = {}): Promise<string[]> {
  return (await list(patterns, options)).map((file) => file.path)
}

async function failureOf(file: InputFile | undefined): Promise<string> {
  const error: unknown = await file?.read().catch((thrown: unknown) => thrown)
  return isRevectorError(error) ? error.code : 'none'
}

describe('a folder', () => {
  test('gives its documents, sorted, at any depth, and tells what it leaves out', async () => {
    await write(
      'b.md',
      'a.TXT',
      'README',
      'page.html',
      'sub/deep/er/c.rst',
      'sub/paper.pdf',
      'sub/letter.docx',
      'photo.png',
      'package.json',
      'main.py',
      '.hidden.md',
      '.git/x.md',
      'node_modules/p/README.md',
    )
    const skipped: string[] = []
    expect(await paths(['.'], { onSkip: (path) => skipped.push(path) })).toEqual([
      'README',
      'a.TXT',
      'b.md',
      'page.html',
      'sub/deep/er/c.rst',
      'sub/letter.docx',
      'sub/paper.pdf',
    ])
    expect(skipped).toEqual(['main.py', 'package.json', 'photo.png'])
  })

  test('named directly is listed even when hidden or node_modules', async () => {
    await write('node_modules/p/README.md', '.notes/a.md')
    expect(await paths(['node_modules', '.notes'])).toEqual(['node_modules/p/README.md', '.notes/a.md'])
  })

  test('with links in a circle ends, and gives each real file once', async () => {
    await write('docs/a.md', 'other/b.md')
    await symlink(join(folder, 'docs'), join(folder, 'docs/again'))
    await symlink(folder, join(folder, 'other/up'))
    await symlink(join(folder, 'docs/a.md'), join(folder, 'docs/z.md'))
    const files = await list(['.'])
    expect(files.map((file) => file.source).sort()).toEqual([
      join(folder, 'docs/a.md'),
      join(folder, 'other/b.md'),
    ])
  })

  test('with a broken link, a link to itself and a closed folder gives the rest', async () => {
    await write('a.md', 'z.md', 'closed/b.md')
    await symlink(join(folder, 'gone.md'), join(folder, 'broken.md'))
    await symlink('self.md', join(folder, 'self.md'))
    const files = await asNobody(join(folder, 'closed'), () => list(['.']))
    expect(files.map((file) => file.path)).toEqual(['a.md', 'broken.md', 'closed', 'self.md', 'z.md'])
    expect(await Promise.all(files.map(failureOf))).toEqual([
      'none',
      'NOT_FOUND',
      'FILE_UNREADABLE',
      'FILE_UNREADABLE',
      'none',
    ])
  })

  test('is listed as it is read: the first file comes before the last folder is opened', async () => {
    await write('a/1.md', 'b/2.md')
    const seen: string[] = []
    for await (const file of listInputs(['.'], { cwd: folder })) {
      seen.push(file.path)
      if (seen.length === 1) await write('b/3.md')
    }
    expect(seen).toEqual(['a/1.md', 'b/2.md', 'b/3.md'])
  })
})

describe('a file', () => {
  test('named directly is taken whatever its name', async () => {
    await write('photo.png', '.env.md', 'data.json')
    const files = await list(['photo.png', '.env.md', join(folder, 'data.json')])
    expect(files.map((file) => file.path)).toEqual(['photo.png', '.env.md', 'data.json'])
    expect(Buffer.from((await files[0]?.read()) ?? []).toString()).toBe('content of photo.png')
    expect(files[0]?.source).toBe(join(folder, 'photo.png'))
  })

  test('given twice, by another spelling or through a link, comes once', async () => {
    await write('a.md', 'sub/b.md')
    await symlink(join(folder, 'a.md'), join(folder, 'link.md'))
    expect(await paths(['a.md', './a.md', 'sub/../a.md', 'link.md', '.', 'sub'])).toEqual([
      'a.md',
      'sub/b.md',
    ])
  })

  test('outside the working folder is shown by its whole path', async () => {
    await write('in/a.md', 'out/b.md')
    expect(await paths(['../out'], { cwd: join(folder, 'in') })).toEqual([join(folder, 'out/b.md')])
  })

  test('that does not exist fails in its place, alone', async () => {
    await write('a.md')
    const files = await list(['missing.md', 'a.md', 'a.md/below.md', 'no*.md'])
    expect(files.map((file) => file.path)).toEqual(['missing.md', 'a.md', 'a.md/below.md', 'no*.md'])
    expect(await Promise.all(files.map(failureOf))).toEqual(['NOT_FOUND', 'none', 'NOT_FOUND', 'NOT_FOUND'])
  })

  test('that is too large is refused before it is read, one that is gone by then is not found', async () => {
    await write('a.md', 'b.md')
    await truncate(join(folder, 'a.md'), 3 * 1024 ** 4)
    const files = await list(['a.md', 'b.md'], { maxBytes: 1000 })
    await rm(join(folder, 'b.md'))
    expect(await Promise.all(files.map(failureOf))).toEqual(['FILE_TOO_LARGE', 'NOT_FOUND'])
  })

  test('without an end is given up at the limit', async () => {
    const [zero] = await list(['/dev/zero'], { maxBytes: 1_000_000 })
    expect(await failureOf(zero)).toBe('FILE_TOO_LARGE')
  })
})

describe('a glob', () => {
  test('names files by their extension, or documents when it names none', async () => {
    await write('a.md', 'b.json', 'sub/c.json', 'sub/d.txt', 'sub/e.png', 'node_modules/f.json')
    expect(await paths(['**/*.json'])).toEqual(['b.json', 'sub/c.json'])
    expect(await paths(['*.{md,json}'])).toEqual(['a.md', 'b.json'])
    expect(await paths(['sub/*'])).toEqual(['sub/d.txt'])
    expect(await paths([`${folder}/**/*.txt`])).toEqual(['sub/d.txt'])
    expect(await paths(['node_modules/*.json'])).toEqual(['node_modules/f.json'])
  })

  test('ends where links lead in a circle', async () => {
    await write('docs/a.md')
    await symlink(folder, join(folder, 'docs/up'))
    expect(await paths(['**/*.md'])).toEqual(['docs/a.md'])
  })

  test('is a plain path where that exists', async () => {
    await write('[draft] a (1).md', 'what?.md', 'd.md', 'stars/**/x.md')
    expect(await paths(['[draft] a (1).md', 'what?.md', 'stars/**'])).toEqual([
      '[draft] a (1).md',
      'what?.md',
      'stars/**/x.md',
    ])
  })
})

test('standard input is read once, up to the limit', async () => {
  const files = await list(['-', '-'], { stdin: Readable.from([Buffer.from('one '), Buffer.from('two')]) })
  expect(files).toHaveLength(1)
  expect(files[0]).toMatchObject({ path: '-', source: null })
  expect(Buffer.from((await files[0]?.read()) ?? []).toString()).toBe('one two')
  const [long] = await list(['-'], {
    stdin: Readable.from([Buffer.alloc(100), Buffer.alloc(100)]),
    maxBytes: 150,
  })
  expect(await failureOf(long)).toBe('FILE_TOO_LARGE')
})

/** Closes a folder while `work` runs. Nothing is closed to root, so as root it works as nobody. */
async function asNobody<T>(closed: string, work: () => Promise<T>): Promise<T> {
  const isRoot = process.getuid?.() === 0
  if (isRoot) await chmod(folder, 0o755)
  await chmod(closed, 0)
  if (isRoot) process.seteuid?.(65534)
  try {
    return await work()
  } finally {
    if (isRoot) process.seteuid?.(0)
    await chmod(closed, 0o755)
  }
}
