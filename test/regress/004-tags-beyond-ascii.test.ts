/** A tag in UTF-8 was acknowledged as purged and purged nothing: the header is read byte by byte, JSON is not. */
import { expect, it } from 'vitest'
import { answer } from '../support/origin.js'
import { stand, way } from '../support/standing.js'

it('a purge of café reaches what the origin tagged café', async () => {
  const { origin, proxy } = await stand()
  origin.on(answer({ 'cache-control': 'max-age=60', 'surrogate-key': Buffer.from('café').toString('latin1') }))
  await proxy.get('/p')
  expect(way(await proxy.get('/p'))).toBe('hit')
  expect((await proxy.purge({ tags: ['café'] })).status).toBe(200)
  expect(way(await proxy.get('/p'))).toBe('uri-miss')
})
