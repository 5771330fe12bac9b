/** Before all tests: installs the Redis they need, where this may be done without asking. */
import { spawnSync, type SpawnSyncOptions } from 'node:child_process'

export default function install (): void {
  const runs = (command: string): boolean => spawnSync(command, ['--version']).status === 0
  if (runs('redis-server') || process.getuid?.() !== 0 || !runs('apt-get')) return
  process.stderr.write('installing redis-server for the tests\n')
  const options: SpawnSyncOptions = { stdio: ['ignore', 'ignore', 'inherit'], env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } }
  spawnSync('apt-get', ['update'], options)
  spawnSync('apt-get', ['install', '-y', '--no-install-recommends', 'redis-server'], options)
}
