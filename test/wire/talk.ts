/**
 * One client's say on one connection: pieces of bytes, each on the wire before the next is sent, and all that came back.
 * What carries them is a parameter, so that every suite holds for every transport.
 */
import net from 'node:net'
import tls from 'node:tls'
import { AUTHORITIES, certificateFiles } from '../support/certificates.js'

export interface Transport {
  readonly name: string
  /** What the listener is configured with for it, as in proxy.config.json. */
  readonly config: object
  connect (port: number): net.Socket
  /** At which offsets a request is cut in two: a handshake each is dear, and a byte at a time shows what is left out. */
  cuts (length: number): number[]
}

const dial = (port: number): net.Socket => net.connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
const offsets = (length: number, step: number): number[] => Array.from({ length: Math.ceil((length - 1) / step) }, (_, i) => 1 + i * step)

/** Longer requests are cut at so many offsets, evenly spread: what lies between is a run of one byte. */
const MOST_CUTS = 300

export const TCP: Transport = { name: 'TCP', config: {}, connect: dial, cuts: length => offsets(length, Math.ceil(length / MOST_CUTS)) }

const TLS: Transport = {
  name: 'TLS',
  config: { tls: certificateFiles('a') },
  connect: port => tls.connect({ socket: dial(port), servername: 'a.test', ca: AUTHORITIES }),
  cuts: length => offsets(length, Math.max(61, Math.ceil(length / 10)))
}

export const TRANSPORTS: readonly Transport[] = [TCP, TLS]

export interface Said { readonly text: string, readonly end: 'end' | 'reset' }

/**
 * Sends `pieces` and reads to the end of the connection. Between two pieces the other side, which lives in this process,
 * has had a turn to read the one before. `finish`: our half is ended behind the last piece.
 */
export function talk (transport: Transport, port: number, pieces: readonly string[], finish = false): Promise<Said> {
  return new Promise(resolve => {
    const socket = transport.connect(port)
    let text = ''
    const over = (end: Said['end']): void => {
      socket.destroy()
      resolve({ text, end })
    }
    socket.setEncoding('latin1')
    socket.on('data', chunk => { text += String(chunk) })
    socket.on('end', () => { over('end') })
    socket.on('error', () => { over('reset') })
    socket.on('close', () => { over('end') })
    const say = (at: number): void => {
      if (at === pieces.length) {
        if (finish) socket.end()
        return
      }
      // written, then one whole turn of the event loop: its poll delivers the piece before the next is sent
      socket.write(pieces[at]!, 'latin1', () => { setImmediate(() => { setImmediate(say, at + 1) }) })
    }
    say(0)
  })
}

/** Runs `jobs` a few at a time; fails with the first failure. */
export async function abreast (jobs: readonly (() => Promise<void>)[], width = 32): Promise<void> {
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < jobs.length) await jobs[next++]!()
  }
  await Promise.all(Array.from({ length: Math.min(width, jobs.length) }, worker))
}
