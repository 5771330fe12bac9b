/**
 * An origin that records every byte it is sent and answers only what the independent grammar of the fuzzer takes for a
 * whole request, so that half of one waits for ever. Its answers may not be stored and name the target.
 */
import { onTestFinished } from 'vitest'
import { parseStrictly } from '../fuzz/grammar.js'
import { until } from '../support/barrier.js'
import { startProxy, before, type TestProxy } from '../support/proxy.js'
import { rawOrigin, type RawPeer } from '../support/raw-origin.js'
import { LIMITS } from './refused-lines.js'
import type { Transport } from './talk.js'

export interface Recorder {
  readonly proxy: TestProxy
  /** Whole requests over all connections: each head as it came, and its content. */
  readonly whole: string[]
  /** What came behind the last whole request of a connection, of those connections where something did. */
  unfinished (): { readonly text: string, readonly peer: RawPeer }[]
  /** Every connection with an unfinished request on it was closed by the proxy. */
  brokenOff (): Promise<void>
}

/** A proxy before such an origin, for the length of one test. */
export async function recorded (transport: Transport, config: object = {}): Promise<Recorder> {
  const whole: string[] = []
  const taken = new Map<RawPeer, number>()
  const broken = new Set<RawPeer>()
  const origin = await rawOrigin(peer => {
    taken.set(peer, 0)
    void peer.gone.then(() => { broken.add(peer) })
    peer.socket.on('data', () => {
      for (let rest = left(peer), found = parseStrictly(rest); found !== undefined; rest = left(peer), found = parseStrictly(rest)) {
        taken.set(peer, taken.get(peer)! + found.consumed)
        whole.push(rest.slice(0, rest.indexOf('\r\n\r\n') + 4) + found.body)
        peer.say(`HTTP/1.1 200 OK\r\nCache-Control: no-store\r\nContent-Length: ${found.target.length}\r\n\r\n${found.target}`)
      }
    })
  })
  const left = (peer: RawPeer): string => peer.received().slice(taken.get(peer)!)
  const proxy = await startProxy(before(origin, { ...transport.config, limits: LIMITS, ...config }))
  onTestFinished(() => { proxy.stop() })
  onTestFinished(() => origin.close())
  const unfinished = (): { text: string, peer: RawPeer }[] => origin.peers.map(peer => ({ text: left(peer), peer })).filter(({ text }) => text !== '')
  return {
    proxy, whole, unfinished,
    brokenOff: () => until('the proxy breaks off every unfinished request', () => unfinished().every(({ peer }) => broken.has(peer)))
  }
}
