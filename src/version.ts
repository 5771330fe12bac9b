/** The version of this package, read from the package.json it runs from, as source or built. */
import { existsSync, readFileSync } from 'node:fs'

export function version (): string {
  let folder = new URL('.', import.meta.url)
  while (!existsSync(new URL('package.json', folder))) folder = new URL('..', folder)
  return (JSON.parse(readFileSync(new URL('package.json', folder), 'utf8')) as { version: string }).version
}
