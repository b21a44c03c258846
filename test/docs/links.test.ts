import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, it } from 'vitest'
import { pages, root } from './pages.ts'

const inside = (link: string) => !/^(https?:|mailto:|#)/.test(link)

it('links between pages lead somewhere', () => {
  const broken = pages().flatMap(({ path, text }) => {
    const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link ?? '')
    return links
      .filter(inside)
      .filter((link) => !existsSync(join(root, dirname(path), link.replace(/#.*$/, ''))))
      .map((link) => `${path}: ${link}`)
  })
  expect(broken).toEqual([])
})

it('files and folders that pages name are there', () => {
  const named = /`((?:src|test|scripts|docs|bench|examples|bin|\.ci)\/[\w./-]+)`/g
  const broken = pages().flatMap(({ path, text }) =>
    [...text.matchAll(named)]
      .map(([, name]) => name ?? '')
      .filter((name) => !existsSync(join(root, name)))
      .map((name) => `${path}: ${name}`),
  )
  expect(broken).toEqual([])
})
