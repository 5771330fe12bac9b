/** Holds what is checked in beside the code: the JSON Schema (`npm run schema` rewrites it), the sample, the page. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { loadConfig } from '../../src/config/load.js'
import { jsonSchema } from '../../src/config/schema.js'

const root = new URL('../../', import.meta.url)
const path = (name: string) => fileURLToPath(new URL(name, root))

interface Node { properties?: Record<string, Node>, items?: Node, additionalProperties?: Node | false, default?: unknown, description?: string }

function leaves (node: Node, at: string): [string, Node][] {
  if (node.properties !== undefined) return Object.entries(node.properties).flatMap(([name, child]) => leaves(child, at === '' ? name : `${at}.${name}`))
  if (node.items?.properties !== undefined) return leaves(node.items, `${at}[]`)
  if (node.additionalProperties) return leaves(node.additionalProperties, `${at}.NAME`)
  return [[at, node]]
}

const KEYS = leaves(jsonSchema() as Node, '').filter(([at]) => at !== '$schema')

test('the JSON Schema checked in is the one of the code', async () => {
  await expect(`${JSON.stringify(jsonSchema(), null, 2)}\n`).toMatchFileSnapshot(path('schema/proxy.config.schema.json'))
})

test('every key says what it means', () => {
  for (const [at, node] of KEYS) expect(node.description, at).toMatch(/\.$/)
})

test('the sample loads, names its schema, and fills a route of every kind', () => {
  const sample = JSON.parse(readFileSync(path('proxy.config.json'), 'utf8')) as { $schema: string }
  expect(sample.$schema).toBe('./schema/proxy.config.schema.json')
  const settings = loadConfig({ file: path('proxy.config.json'), env: {} })
  expect(settings.routes.map(route => [route.match, route.cache])).toEqual([['/admin/*', false], ['/static/*', true], ['*', true]])
})

describe('docs/configuration.md', () => {
  const rows = new Map(readFileSync(path('docs/configuration.md'), 'utf8').split('\n')
    .map(line => line.split('|').map(cell => cell.trim())).filter(cells => cells.length > 4)
    .map(cells => [cells[1]!.replaceAll('`', ''), cells]))

  test.each(KEYS)('has %s and its default', (at, node) => {
    const cells = rows.get(at)
    expect(cells, `a row for ${at}`).toBeDefined()
    if (node.default !== undefined) expect(cells![2]).toContain(`\`${typeof node.default === 'object' ? JSON.stringify(node.default) : String(node.default)}\``)
  })

  test('has no key that is not there', () => {
    const known = new Set(KEYS.map(([at]) => at))
    const named = [...rows.keys()].filter(name => /^[a-z]+(?:[.[]|$)/.test(name) && name !== 'key')
    expect(named.filter(name => !known.has(name))).toEqual([])
  })
})
