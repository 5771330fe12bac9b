/** ioredis subscribed again by itself, and told nobody that it could not: an unhandled rejection, which ends a process. */
import net from 'node:net'
import { it, onTestFinished } from 'vitest'
import { silentLogger } from '../../src/core/logger.js'
import { openClient } from '../../src/redis/connect.js'
import { RedisCounters } from '../../src/redis/counters.js'
import { Subscriber } from '../../src/redis/subscriber.js'
import { until } from '../support/barrier.js'

const INFO = 'redis_version:7.0.0\r\nloading:0\r\n'

it('is left and joined again, and nothing is thrown', async () => {
  let connections = 0
  const subscribed = new Set<number>()
  const sockets: net.Socket[] = []
  const server = net.createServer(socket => {
    const number = ++connections
    sockets.push(socket)
    socket.on('error', () => undefined)
    socket.on('data', data => {
      for (const [, name] of data.toString('latin1').matchAll(/\*\d+\r\n\$\d+\r\n([a-z]+)\r\n/gi)) {
        if (name!.toLowerCase() === 'info') {
          socket.write(`$${INFO.length}\r\n${INFO}\r\n`)
          // gone in the very packet that makes it ready
          if (number > 1 && number < 20) socket.end()
        } else if (name!.toLowerCase() === 'subscribe') {
          subscribed.add(number)
          socket.write('*3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n')
        } else socket.write('+OK\r\n')
      }
    })
  })
  await new Promise<void>(resolve => { server.listen(0, '127.0.0.1', resolve) })
  onTestFinished(() => { server.close() })
  const client = openClient({ kind: 'url', url: `redis://127.0.0.1:${(server.address() as net.AddressInfo).port}` }, { name: 'test', silence: 10_000, counters: new RedisCounters(), log: silentLogger })
  const subscriber = new Subscriber(client, 'c', new RedisCounters())
  onTestFinished(() => { subscriber.close() })
  await until('it has subscribed', () => subscribed.has(1))
  sockets[0]!.destroy()
  await until('it has subscribed again', () => subscribed.has(20), 60_000)
  await until('it is used', () => client.status === 'ready')
}, 60_000)
