import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/bench/**', 'node_modules/**', 'dist/**'],
    testTimeout: 20_000,
    hookTimeout: 30_000,
    pool: 'forks',
    globalSetup: ['test/support/redis-install.ts'],
    coverage: {
      provider: 'v8', include: ['src/**/*.ts'], reporter: ['text-summary', 'json-summary'],
      thresholds: Object.fromEntries(['http', 'policy', 'invalidation'].map(room => [`src/${room}/**`, { branches: 95 }]))
    }
  }
})
