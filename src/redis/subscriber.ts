/**
 * Hints between processes, over Redis' publish and subscribe: `topic rest`. Any of them may be lost, so nothing may depend
 * on one; whoever listens looks for itself now and then.
 */
import type { RedisClient } from './connect.js'
import type { RedisCounters } from './counters.js'

export class Subscriber {
  private readonly client: RedisClient
  private readonly topics = new Map<string, (rest: string) => void>()

  /** `client` is used for nothing else. */
  constructor (client: RedisClient, channel: string, counters: RedisCounters) {
    this.client = client
    client.on('ready', () => {
      // a connection that breaks before it was subscribed is followed by another, which is subscribed then
      client.subscribe(channel).catch(() => { counters.connectionErrors++ })
    })
    client.on('message', (_: string, message: string) => {
      const space = message.indexOf(' ')
      const topic = space < 0 ? message : message.slice(0, space)
      this.topics.get(topic)?.(space < 0 ? '' : message.slice(space + 1))
    })
  }

  on (topic: string, heard: (rest: string) => void): void {
    this.topics.set(topic, heard)
  }

  close (): void {
    this.client.disconnect()
  }
}
