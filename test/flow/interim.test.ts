/** Interim answers (RFC 9110 §15.2): 102 (RFC 2518) and 103 (RFC 8297) pass; nothing of them stays. */
import { afterEach, describe, expect, it } from 'vitest'
import { connect } from '../support/client.js'
import { before, startProxy, type TestProxy } from '../support/proxy.js'
import { rawOrigin } from '../support/raw-origin.js'
import { isHit } from '../support/scene.js'

const INTERIM = 'HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\nEarly: 1\r\nCache-Control: no-store\r\n\r\n' +
  'HTTP/1.1 103 Early Hints\r\nLink: </b.css>; rel=preload\r\n\r\n'

const running: (() => unknown)[] = []
afterEach(async () => { for (const stop of running.splice(0).toReversed()) await stop() })

async function scene (final: string): Promise<TestProxy> {
  const origin = await rawOrigin(async peer => {
    for (;;) {
      await peer.expect('\r\n\r\n')
      peer.say(INTERIM + final)
    }
  })
  const proxy = await startProxy(before(origin))
  running.push(() => origin.close(), () => { proxy.stop() })
  return proxy
}

const FINAL = 'HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 4\r\nFinal: 1\r\n\r\n'

describe('interim answers', () => {
  it.each(['GET', 'POST', 'HEAD'])('to a %s come in order before the final one, each with its own fields', async method => {
    const proxy = await scene(FINAL + (method === 'HEAD' ? '' : 'body'))
    const reply = await proxy.get('/', { method })
    expect(reply.interim.map(({ status, headers }) => [status, headers.link, headers['early']])).toEqual([
      [102, undefined, undefined], [103, '</a.css>; rel=preload', '1'], [103, '</b.css>; rel=preload', undefined]
    ])
    expect(reply.status).toBe(200)
    expect(reply.headers).toMatchObject({ final: '1', 'cache-control': 'max-age=60' })
    expect(reply.headers).not.toHaveProperty('link')
    expect(reply.headers).not.toHaveProperty('early')
  })

  it('say nothing of a hop (RFC 9110 §7.6.1)', async () => {
    const proxy = await scene(`HTTP/1.1 103 Early Hints\r\nConnection: own\r\nOwn: 1\r\nLink: </c.css>\r\n\r\n${FINAL}body`)
    const { interim, body } = await proxy.get('/')
    expect(interim.at(-1)).toEqual({ status: 103, headers: { link: '</c.css>' } })
    expect(body).toBe('body')
  })

  it('are not stored, nor do their fields say anything of the final one', async () => {
    const proxy = await scene(`${FINAL}body`)
    await proxy.get('/')
    const hit = await proxy.get('/')
    expect(isHit(hit)).toBe(true)
    expect([hit.status, hit.body, hit.interim]).toEqual([200, 'body', []])
    expect(hit.headers).not.toHaveProperty('link')
    // a 304 to a refresh is none of them either
    expect((await proxy.get('/', { headers: { 'if-none-match': '*' } })).interim).toEqual([])
  })

  it('do not reach HTTP/1.0 clients', async () => {
    const proxy = await scene(`${FINAL}body`)
    const client = await connect(proxy.port)
    client.write('GET / HTTP/1.0\r\nHost: h\r\n\r\n')
    const text = await client.until(/body$/)
    expect(text).toMatch(/^HTTP\/1\.1 200 /)
    expect(text).not.toMatch(/Link|Early/)
  })
})
