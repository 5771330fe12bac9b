/** A stampede on a 403 that says no-store waited behind a doomed leader every time: nothing was remembered of client errors. */
import { expect, it } from 'vitest'
import { until } from '../support/barrier.js'
import { answer } from '../support/origin.js'
import { stand } from '../support/standing.js'

it('goes to the origin side by side the second time', async () => {
  const { origin, proxy } = await stand()
  origin.on(answer({ 'cache-control': 'no-store' }, 'no', 403))
  await proxy.get('/forbidden')
  let waiting: (() => void)[] = []
  origin.on((request, response) => new Promise(resolve => {
    waiting.push(() => { answer({ 'cache-control': 'no-store' }, 'no', 403)(request, response, 1); resolve() })
  }))
  const replies = Array.from({ length: 20 }, () => proxy.get('/forbidden'))
  await until('all are at the origin', () => waiting.length === 20)
  for (const go of waiting) go()
  waiting = []
  expect((await Promise.all(replies)).every(r => r.status === 403)).toBe(true)
})

it('never takes the place of what is stored', async () => {
  const { origin, proxy, clock } = await stand()
  origin.on(answer({ 'cache-control': 'max-age=1', etag: '"1"' }, 'good'))
  await proxy.get('/good')
  clock.advance(2000)
  origin.on(answer({ 'cache-control': 'no-store' }, 'bad', 400))
  await proxy.get('/good')
  origin.on((request, response) => { response.writeHead(request.headers['if-none-match'] === '"1"' ? 304 : 500, { etag: '"1"', 'cache-control': 'max-age=60' }).end() })
  expect((await proxy.get('/good')).body).toBe('good')
})
