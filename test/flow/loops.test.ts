/** A request that leads back to the proxy that sent it (RFC 8586). */
import http from 'node:http'
import { describe, expect, it } from 'vitest'
import { answer, type Handler } from '../support/origin.js'
import { ANYWHERE, startSeawall } from '../support/seawall.js'
import { cacheStatus } from '../support/scene.js'
import { stand, standBefore } from '../support/standing.js'

/** An origin that asks `back ()` whatever it is asked, as a misled load balancer does. */
function misled (back: () => string): Handler {
  return (seen, response) => {
    const { url, method, headers } = seen
    http.request(back() + url, { method, headers }, reply => {
      response.writeHead(reply.statusCode!, { ...reply.headers, 'x-back': '1' })
      reply.pipe(response)
    }).end()
  }
}

describe('a request that leads back here', () => {
  it.each(['GET', 'POST'])('is answered 508, and asked of the origin once: %s', async method => {
    let own = ''
    const { proxy, origin } = await stand({}, misled(() => own))
    own = proxy.url
    const reply = await proxy.get('/p', { method })
    expect(reply).toMatchObject({ status: 508, headers: { 'x-back': '1' } })
    expect(origin.count()).toBe(1)
    expect(cacheStatus(reply)).toContain('detail=loop_detected')
  })

  it('is known by every worker of one proxy', async () => {
    let own = ''
    const { origin } = await stand({}, misled(() => own))
    const program = await startSeawall([...ANYWHERE, '--origin', origin.url, '--workers', '2'])
    own = program.url
    for (let i = 0; i < 8; i++) expect((await program.get(`/${i}`)).status).toBe(508)
    expect(origin.count()).toBe(8)
  })

  it('is not one that comes through another proxy of the kind', async () => {
    const shield = await stand({}, answer({ 'cache-control': 'max-age=60' }, 'whole'))
    const edge = await standBefore({ url: shield.proxy.url })
    const reply = await edge.proxy.get('/p')
    expect(reply).toMatchObject({ status: 200, body: 'whole' })
    expect(shield.origin.seen[0]!.headers['cdn-loop']).toMatch(/^seawall; id=[0-9a-f]{12}, seawall; id=[0-9a-f]{12}$/)
  })

  it('is one who ever wrote it, and no part of what is stored', async () => {
    const { proxy, origin } = await stand({}, answer({ 'cache-control': 'max-age=60' }, 'whole'))
    await proxy.get('/other')
    const seen = origin.seen[0]!.headers['cdn-loop'] as string
    expect((await proxy.get('/p', { headers: { 'cdn-loop': `a, ${seen.replace('; ', ' ;')}` } })).status).toBe(508)
    expect((await proxy.get('/p', { headers: { 'cdn-loop': 'seawall; id=another' } })).status).toBe(200)
    expect((await proxy.get('/p', { headers: { 'cdn-loop': seen } })).body).toBe('whole')
  })
})
