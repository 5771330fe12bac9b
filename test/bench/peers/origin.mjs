/** The origin: nginx handing out files, so that it costs next to nothing. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort, start } from './processes.mjs'

/** Starts it on a free port with its files in `folder`. */
export async function startOrigin (folder) {
  const port = await freePort()
  const files = join(folder, 'origin')
  mkdirSync(files, { recursive: true, mode: 0o777 })
  writeFileSync(join(files, '1k'), 'a'.repeat(1024))
  writeFileSync(join(files, '100k'), 'b'.repeat(100 * 1024))
  writeFileSync(join(files, '1m'), 'c'.repeat(1024 * 1024))
  const fetched = join(folder, 'fetched.log')
  const config = join(folder, 'origin.conf')
  writeFileSync(config, configOf(port, folder, files, fetched))
  await start({ name: 'the origin (nginx)', core: 1, command: 'nginx', args: ['-c', config], port, output: join(folder, 'origin.out') })
  const probe = await fetch(`http://127.0.0.1:${port}/hit/x`)
  return {
    port,
    etag: probe.headers.get('etag'),
    /** How often it was asked for a key of a stampede so far. */
    stampeded: () => readFileSync(fetched, 'utf8').split('\n').length - 1
  }
}

function configOf (port, folder, files, fetched) {
  return `worker_processes 1; daemon off; pid ${folder}/origin.pid; error_log ${folder}/origin.err;
events { worker_connections 8192; }
http {
  access_log off; keepalive_requests 1000000000; sendfile on; tcp_nodelay on; open_file_cache max=1000;
  default_type application/json; log_format uri '$uri';
  server {
    listen 127.0.0.1:${port} backlog=4096; root ${files};
    location /hit/ { add_header Cache-Control "public, max-age=3600"; add_header Vary Accept-Encoding; rewrite ^ /1k break; }
    location /stampede/ { access_log ${fetched} uri; add_header Cache-Control "public, max-age=3600"; rewrite ^ /1k break; }
    location /pass/ { add_header Cache-Control "no-store"; rewrite ^ /1k break; }
    location /reval/ { add_header Cache-Control "no-cache"; rewrite ^ /1k break; }
    location /write/ { add_header Cache-Control "no-store"; return 200 "written"; }
    location = /b100k { add_header Cache-Control "public, max-age=3600"; rewrite ^ /100k break; }
    location = /b1m { add_header Cache-Control "public, max-age=3600"; rewrite ^ /1m break; }
  }
}
`
}
