/** Leases among proxies of one process, over a store they share: what a shared store does, without the network. */
import type { StoreKey } from '../../src/core/types.js'
import type { Store } from '../../src/store/contract.js'
import type { Acquired, Lease, Leases, Told } from '../../src/store/leases.js'

interface Holding { readonly lease: Lease, told: Told | undefined, readonly waiting: ((news: Told | 'free') => void)[] }

export interface LocalLeases extends Leases {
  /** Asked for so far. */
  readonly asked: StoreKey[]
  /** Those who wait now. */
  waiting (): number
}

export function localLeases (store: Store): LocalLeases {
  const held = new Map<StoreKey, Holding>()
  const asked: StoreKey[] = []
  let count = 0

  function hold (key: StoreKey): Lease {
    const wake = (news: Told | 'free'): void => { for (const resolve of holding.waiting.splice(0)) resolve(news) }
    const lease: Lease = {
      key, token: `lease ${++count}`, startedAt: count, lost: false,
      announce: told => {
        holding.told = told
        wake(told)
      },
      release: async () => {
        if (held.get(key) !== holding) return
        held.delete(key)
        wake('free')
      }
    }
    const holding: Holding = { lease, told: undefined, waiting: [] }
    held.set(key, holding)
    return lease
  }

  return {
    asked,
    waiting: () => [...held.values()].reduce((sum, { waiting }) => sum + waiting.length, 0),
    acquire: async (key): Promise<Acquired> => {
      asked.push(key)
      const holding = held.get(key)
      if (holding === undefined) {
        return { kind: 'held', lease: hold(key), changed: store.peek(key) !== undefined }
      }
      let left: ((news: 'free') => void) | undefined
      return {
        kind: 'elsewhere', told: holding.told, leave: () => left?.('free'),
        next: () => new Promise(resolve => {
          left = resolve
          holding.waiting.push(resolve)
        })
      }
    }
  }
}
