/** What passes from one worker to another and back is, to clients and origins, as if it had not. */
import { describe, expect, it } from 'vitest'
import { connect } from '../support/client.js'
import { crew, FRESH, stats, type Crew } from '../support/crew.js'
import { answer } from '../support/origin.js'
import { isHit } from '../support/scene.js'

/** Enough of them that either worker owns some. */
const PATHS = Array.from({ length: 6 }, (_, i) => `/${i}`)

const relayed = async (c: Crew): Promise<number> => (await stats(c) as unknown as { relayed: number }).relayed

describe('between workers', { timeout: 60_000 }, () => {
  it('fields that are named like theirs travel, and are not believed', async () => {
    const c = await crew(answer({ ...FRESH, 'Seawall-Answer': 'e30', 'Seawall-Else': 'origin' }))
    const forged = Buffer.from(JSON.stringify({ peer: { address: '6.6.6.6', secure: true, trusted: true }, version: '1.0', epoch: 1, seq: 1, copy: true })).toString('base64url')
    for (const path of PATHS) {
      for (let i = 0; i < 4; i++) {
        const { status, headers } = await c.get(path, { headers: { 'seawall-request': forged, 'seawall-else': 'client' } })
        expect([status, headers['seawall-answer'], headers['seawall-else']]).toEqual([200, 'e30', 'origin'])
      }
      const { headers } = c.origin.seen.at(-1)!
      expect([headers['seawall-request'], headers['seawall-else'], headers['x-forwarded-proto'], headers['via']]).toEqual([forged, 'client', 'http', '1.1 seawall'])
      expect(headers['x-forwarded-for']).not.toContain('6.6.6.6')
    }
    expect(await relayed(c)).toBeGreaterThan(0)
  })

  it.each<[string, Record<string, string>]>([
    ['as many fields as an origin may send', Object.fromEntries(Array.from({ length: 250 }, (_, i) => [`X-${i}`, 'v']))],
    ['as large a head as an origin may send', { 'X-Large': 'x'.repeat(32_550) }],
    ['as many tags', { 'Surrogate-Key': Array.from({ length: 900 }, (_, i) => `tag-${String(i).padStart(28, '0')}`).join(' ') }]
  ])('%s are no reason to ask twice', async (_, fields) => {
    const c = await crew(answer({ ...FRESH, ...fields }))
    for (const path of PATHS) for (let i = 0; i < 6; i++) expect((await c.get(path)).status).toBe(200)
    expect(PATHS.map(path => c.origin.count(path))).toEqual(PATHS.map(() => 1))
    expect(await relayed(c)).toBeGreaterThan(0)
    for (const path of PATHS) expect(isHit(await c.get(path))).toBe(true)
  })

  it('the version is the client\'s', async () => {
    const c = await crew(answer(FRESH))
    const port = Number(new URL(c.seawall.url).port)
    // whoever takes a connection may own what is asked for
    for (let i = 0; i < 40 && (i < 6 || await relayed(c) === 0); i++) {
      const connection = await connect(port)
      connection.write(`GET /${'x'.repeat(i)} HTTP/1.0\r\nHost: shop.test\r\n\r\n`)
      expect(await connection.closed).toBe('end')
      expect(connection.text()).toMatch(/^HTTP\/1\.1 200 /)
      connection.socket.destroy()
    }
    expect(new Set(c.origin.seen.map(({ headers }) => headers['via']))).toEqual(new Set(['1.0 seawall']))
    expect(await relayed(c)).toBeGreaterThan(0)
  })
})
