/** immutable (RFC 8246 §2): says what clients need not do; what they ask of us, and what is stale, is as ever. */
import { expect, it } from 'vitest'
import { isHit, scenes } from '../support/scene.js'

const scene = scenes()

it('neither lengthens a lifetime nor keeps a client from asking for a fresh answer', async () => {
  const s = await scene()
  s.origin.on(({ headers }, response) => {
    const known = headers['if-none-match'] === '"a"'
    response.writeHead(known ? 304 : 200, { 'Cache-Control': 'max-age=60, immutable', ETag: '"a"' }).end(known ? undefined : 'body')
  })
  expect((await s.get('/')).headers['cache-control']).toBe('max-age=60, immutable')
  expect(isHit(await s.get('/'))).toBe(true)
  expect(isHit(await s.get('/', { 'cache-control': 'no-cache' }))).toBe(false)
  s.pass(61)
  expect(isHit(await s.get('/'))).toBe(false)
  expect(s.origin.seen.map(({ headers }) => headers['if-none-match'])).toEqual([undefined, '"a"', '"a"'])
})

it('alone makes nothing storable (RFC 8246 §2: "during its freshness lifetime")', async () => {
  const s = await scene()
  s.origin.on((_, response) => { response.writeHead(200, { 'Cache-Control': 'immutable' }).end('body') })
  await s.get('/')
  expect(isHit(await s.get('/'))).toBe(false)
})
