import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/bench/**', 'node_modules/**', 'dist/**'],
    // real processes on a machine that does other things too: what fails twice more is broken
    retry: process.env['CI'] === 'true' ? 2 : 0,
    testTimeout: 20_000,
    hookTimeout: 30_000,
    pool: 'forks',
    globalSetup: ['test/support/redis-install.ts'],
    coverage: {
      provider: 'v8', include: ['src/**/*.ts'], reporter: ['text-summary', 'json-summary'],
      thresholds: { 'src/{http,policy,invalidation}/**': { branches: 95 } }
    }
  }
})
