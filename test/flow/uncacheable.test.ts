/** What is remembered as uncacheable goes straight to the origin, and may change its mind. */
import { describe, expect, it } from 'vitest'
import { barrier } from '../support/barrier.js'
import { fills } from '../support/fills.js'
import { answer } from '../support/origin.js'
import { cacheStatus, isHit } from '../support/scene.js'
import { stand } from '../support/standing.js'

const NEVER = answer({ 'cache-control': 'no-store' }, 'mine')
const FRESH = { 'cache-control': 'max-age=60' }

describe('what is remembered as uncacheable', () => {
  it('leads no fill', async () => {
    const { proxy } = await stand({}, NEVER)
    await proxy.get('/p')
    for (let i = 0; i < 3; i++) expect((await proxy.get('/p')).body).toBe('mine')
    expect(await fills(proxy)).toMatchObject({ 'not-stored': 1, inFlight: 0 })
  })

  it.each(['the anonymous', 'those with credentials'])('leads no fill for those with credentials, remembered of %s', async whose => {
    const { proxy } = await stand({}, answer({ 'cache-control': 'private' }, 'mine'))
    const credentials = { headers: { authorization: 'Bearer a' } }
    await proxy.get('/p', whose === 'the anonymous' ? {} : credentials)
    for (let i = 0; i < 3; i++) expect((await proxy.get('/p', credentials)).body).toBe('mine')
    expect(await fills(proxy)).toMatchObject({ 'not-stored': 1, inFlight: 0 })
  })

  it.each([['stored', 'max-age=60'], ['remembered', 'private']])('is not %s over what was asked for later', async (_, late) => {
    const { origin, proxy, clock } = await stand({ cache: { passRecord: '10s' } }, NEVER)
    await proxy.get('/p')
    clock.advance(1_000)
    const asked = barrier()
    const answered = barrier()
    origin.on(async (request, response, count) => {
      asked.open()
      await answered.passed
      answer({ 'cache-control': late }, 'older')(request, response, count)
    })
    const older = proxy.get('/p')
    await asked.passed
    origin.on(answer(FRESH, 'newer'))
    expect((await proxy.get('/p')).body).toBe('newer')
    answered.open()
    expect((await older).body).toBe('older')
    const next = await proxy.get('/p')
    expect([next.body, isHit(next)]).toEqual(['newer', true])
  })

  it('stays remembered as long as it is asked for', async () => {
    const { proxy, clock } = await stand({ cache: { passRecord: '100s' } }, NEVER)
    await proxy.get('/p')
    clock.advance(90_000)
    await proxy.get('/p')
    clock.advance(90_000)
    expect(cacheStatus(await proxy.get('/p', { method: 'HEAD' }))).toContain('detail=uncacheable')
    clock.advance(20_000)
    expect(cacheStatus(await proxy.get('/p', { method: 'HEAD' }))).toContain('detail=head')
  })

  it('is not remembered anew for what fails', async () => {
    const { origin, proxy, clock } = await stand({ cache: { passRecord: '100s' } }, NEVER)
    await proxy.get('/p')
    clock.advance(90_000)
    origin.on(answer({ 'cache-control': 'no-store' }, 'broken', 501))
    expect((await proxy.get('/p')).status).toBe(501)
    clock.advance(20_000)
    expect(cacheStatus(await proxy.get('/p', { method: 'HEAD' }))).toContain('detail=head')
  })

  it('is stored once it may be, with the answer in hand', async () => {
    const { origin, proxy } = await stand({}, NEVER)
    await proxy.get('/p')
    origin.on(answer(FRESH, 'for all'))
    const changed = await proxy.get('/p')
    expect(cacheStatus(changed)).toBe('seawall; fwd=uri-miss; fwd-status=200; stored; detail=uncacheable')
    expect(changed.body).toBe('for all')
    expect(isHit(await proxy.get('/p'))).toBe(true)
    expect(origin.count()).toBe(2)
  })

  it('is not stored over a purge that came while the origin was asked', async () => {
    const { origin, proxy } = await stand({}, NEVER)
    await proxy.get('/p')
    const asked = barrier()
    const purged = barrier()
    origin.on(async (request, response) => {
      asked.open()
      await purged.passed
      await answer(FRESH, 'before the purge')(request, response, 1)
    })
    const reply = proxy.get('/p')
    await asked.passed
    await proxy.purge({ urls: [`${proxy.url}/p`] })
    purged.open()
    expect((await reply).body).toBe('before the purge')
    origin.on(answer(FRESH, 'after it'))
    expect((await proxy.get('/p')).body).toBe('after it')
  })
})
