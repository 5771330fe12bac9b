/** `OPTIONS *` was accepted, then refused as malformed while Cache-Status said it had been forwarded. */
import { expect, it } from 'vitest'
import { dial, stand } from '../support/standing.js'

it('is answered here, and nothing of it reaches the origin', async () => {
  const { origin, proxy } = await stand()
  const client = await dial(proxy)
  client.write('OPTIONS * HTTP/1.1\r\nHost: example.com\r\nConnection: close\r\n\r\n')
  const reply = await client.until(/\r\n\r\n/)
  expect(reply).toMatch(/^HTTP\/1\.1 204 /)
  expect(reply).toMatch(/\r\nAllow: GET, HEAD/)
  expect(origin.count()).toBe(0)
})

it('a refused only-if-cached says nothing of forwarding (RFC 9211 §2.2)', async () => {
  const { proxy } = await stand()
  expect((await proxy.get('/x', { headers: { 'cache-control': 'only-if-cached' } })).headers['cache-status']).toBe('seawall; detail=only_if_cached')
})
