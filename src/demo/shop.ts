/** What the sample origin sells and answers: a few products, and a route for each way to say how an answer may be cached. */
import type { IncomingMessage } from 'node:http'
import type { Ms } from '../core/types.js'

export interface Answer {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly json: unknown
  /** How long it takes to be worked out. */
  readonly after?: Ms
}

interface Product { readonly name: string, readonly price: number, stock: number }

export interface Shop { readonly products: ReadonlyMap<string, Product>, failing: boolean }

export interface Route {
  readonly method: 'GET' | 'POST'
  /** Its one group, if any, is handed to `answer`. */
  readonly path: RegExp
  /** As the list at `/` shows it. */
  readonly shown: string
  /** It is no product of the shop, so that it neither counts nor fails. */
  readonly switch?: true
  readonly answer: (shop: Shop, id: string, request: IncomingMessage) => Answer
}

const REPORT_TIME: Ms = 300

const GREETINGS: ReadonlyMap<string, string> = new Map([['en', 'Welcome to the shop'], ['de', 'Willkommen im Laden'], ['fr', 'Bienvenue au magasin']])

export const notFound: Answer = { status: 404, headers: { 'Cache-Control': 'max-age=5' }, json: { error: 'not_found' } }
export const switchedOff: Answer = { status: 503, json: { error: 'switched_off', message: 'POST /fail/off ends this.' } }

export function createShop (): Shop {
  return {
    products: new Map([
      ['7', { name: 'Anchor', price: 120, stock: 3 }],
      ['42', { name: 'Lighthouse', price: 980, stock: 12 }],
      ['99', { name: 'Rope', price: 9, stock: 400 }]
    ]),
    failing: false
  }
}

function ofProduct (shop: Shop, id: string, answer: (product: Product) => Answer): Answer {
  const product = shop.products.get(id)
  return product === undefined ? notFound : answer(product)
}

export const ROUTES: readonly Route[] = [
  {
    method: 'GET', path: /^\/$/, shown: '/  this list',
    answer: () => ({ headers: { 'Cache-Control': 'max-age=60' }, json: { routes: ROUTES.map(({ method, shown }) => `${method} ${shown}`) } })
  },
  {
    method: 'GET', path: /^\/products$/, shown: '/products  all of them; s-maxage=60 for shared caches, max-age=5 for browsers, tagged',
    answer: ({ products }) => ({ headers: { 'Cache-Control': 'max-age=5, s-maxage=60', 'Surrogate-Key': 'products' }, json: Object.fromEntries(products) })
  },
  {
    method: 'GET', path: /^\/products\/(\w+)$/, shown: '/products/42  one product; max-age=60, ETag, tagged products and product-42',
    answer: (shop, id) => ofProduct(shop, id, product => ({
      headers: { 'Cache-Control': 'max-age=60', 'Surrogate-Key': `products product-${id}` }, json: { id, ...product }
    }))
  },
  {
    method: 'POST', path: /^\/products\/(\w+)$/, shown: '/products/42  sells one; the cache forgets the URL',
    answer: (shop, id) => ofProduct(shop, id, product => {
      product.stock = Math.max(0, product.stock - 1)
      return { json: { id, ...product } }
    })
  },
  {
    method: 'GET', path: /^\/prices\/(\w+)$/, shown: '/prices/42  a price; max-age=1, ETag, stale-if-error, tagged product-42',
    answer: (shop, id) => ofProduct(shop, id, ({ price }) => ({
      headers: { 'Cache-Control': 'max-age=1, stale-if-error=600', 'Surrogate-Key': `product-${id}` }, json: { id, price }
    }))
  },
  {
    method: 'GET', path: /^\/stock\/(\w+)$/, shown: '/stock/42  how many are left; max-age=1, stale-while-revalidate, tagged product-42',
    answer: (shop, id) => ofProduct(shop, id, ({ stock }) => ({
      headers: { 'Cache-Control': 'max-age=1, stale-while-revalidate=600', 'Surrogate-Key': `product-${id}` }, json: { id, stock }
    }))
  },
  {
    method: 'GET', path: /^\/greeting$/, shown: '/greeting  in English, German or French; Vary: Accept-Language',
    answer (_, __, { headers }) {
      const language = headers['accept-language']?.slice(0, 2) ?? ''
      const known = GREETINGS.has(language) ? language : 'en'
      return { headers: { 'Cache-Control': 'max-age=60', 'Vary': 'Accept-Language', 'Content-Language': known }, json: { greeting: GREETINGS.get(known) } }
    }
  },
  {
    method: 'GET', path: /^\/report$/, shown: `/report  takes ${REPORT_TIME} ms to work out; s-maxage=60`,
    answer: ({ products }) => ({
      after: REPORT_TIME, headers: { 'Cache-Control': 's-maxage=60' },
      json: { worth: [...products.values()].reduce((sum, { price, stock }) => sum + price * stock, 0) }
    })
  },
  { method: 'GET', path: /^\/cart$/, shown: '/cart  nobody else\'s business; private', answer: () => ({ headers: { 'Cache-Control': 'private' }, json: { items: [] } }) },
  {
    method: 'POST', path: /^\/fail\/(on|off)$/, shown: '/fail/on, /fail/off  makes everything else answer 503, and ends that', switch: true,
    answer (shop, state) {
      shop.failing = state === 'on'
      return { json: { failing: shop.failing } }
    }
  }
]
