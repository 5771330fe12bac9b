/** If-Modified-Since where the origin named no Last-Modified (RFC 9111 §4.3.2). */
import { expect, it } from 'vitest'
import { isHit, scenes } from '../support/scene.js'

const scene = scenes()
const FRESH = { 'Cache-Control': 'max-age=600' }

it('is compared with Date', async () => {
  const s = await scene()
  s.origin.on((_, response) => { response.writeHead(200, FRESH).end('body') })
  const { headers } = await s.get('/')
  s.pass(30)
  for (const [since, status] of [[headers.date!, 304], [s.date(), 304], [s.date(-31), 200], ['yesterday', 200]] as const) {
    const reply = await s.get('/', { 'if-modified-since': since })
    expect([reply.status, reply.body, isHit(reply)], since).toEqual([status, status === 304 ? '' : 'body', true])
  }
  expect((await s.get('/', { 'if-modified-since': s.date(), 'if-none-match': '"a"' })).status).toBe(200)
})

it('is compared with the time the response came where that has no Date either', async () => {
  const s = await scene()
  s.origin.on((_, response) => {
    response.removeHeader('Date')
    response.sendDate = false
    response.writeHead(200, FRESH).end('body')
  })
  await s.get('/')
  const received = s.date()
  s.pass(30)
  expect((await s.get('/', { 'if-modified-since': received })).status).toBe(304)
  expect((await s.get('/', { 'if-modified-since': s.date(-31) })).status).toBe(200)
})

it('never holds where Last-Modified is there and cannot be read', async () => {
  const s = await scene()
  s.origin.on((_, response) => { response.writeHead(200, { ...FRESH, 'Last-Modified': 'long ago' }).end('body') })
  await s.get('/')
  expect((await s.get('/', { 'if-modified-since': s.date() })).status).toBe(200)
})
