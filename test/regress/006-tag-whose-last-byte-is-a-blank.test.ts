/** A tag that ends in à was stored without its last byte, which is what Unicode calls a no-break space: purging it purged nothing. */
import { expect, it } from 'vitest'
import { answer } from '../support/origin.js'
import { stand, way } from '../support/standing.js'

it.each(['surrogate-key', 'cache-tag', 'xkey'])('a purge of voilà reaches what %s tags voilà', async header => {
  const { origin, proxy } = await stand()
  origin.on(answer({ 'cache-control': 'max-age=60', [header]: Buffer.from('voilà').toString('latin1') }))
  await proxy.get('/p')
  expect((await proxy.purge({ tags: ['voilà'] })).status).toBe(200)
  expect(way(await proxy.get('/p'))).toBe('uri-miss')
})
