// Uploads files with tus-js-client as it comes from npm, and says what happens, one line of JSON for each step.
// What is to be done stands in the first argument; the client is found beside the other peers.
import { createReadStream, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'

const tus = createRequire(`${process.env.SHIYIN_PEERS}/`)('tus-js-client')
const order = JSON.parse(process.argv[2])
const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`)

function upload(file) {
  return new Promise((done) => {
    let pauses = [...(order.pauses ?? [])]
    const options = {
      endpoint: `${order.url}/uploads`,
      headers: { Authorization: `Bearer ${order.key}`, 'Accept-Language': 'en' },
      metadata: { filename: path.basename(file.path), sha256: file.sha256 },
      // Parts know their sizes themselves.
      uploadSize: order.parallel ? undefined : statSync(file.path).size,
      chunkSize: order.chunk ?? Infinity,
      retryDelays: order.retries ?? null,
      parallelUploads: order.parallel ?? 1,
      uploadDataDuringCreation: order.with_creation ?? false,
      storeFingerprintForResuming: Boolean(order.store),
      removeFingerprintOnSuccess: true,
      onError(error) {
        const response = error.originalResponse
        const status = response ? response.getStatus() : 0
        say({ step: 'failed', path: file.path, status, body: response ? response.getBody() : String(error) })
        done()
      },
      onSuccess({ lastResponse }) {
        say({ step: 'done', path: file.path, url: one.url, holding: lastResponse.getHeader('Upload-Holding') })
        done()
      },
      async onChunkComplete(size, accepted) {
        say({ step: 'told', path: file.path, accepted })
        if (pauses.length > 0 && accepted >= pauses[0]) {
          pauses.shift()
          await one.abort(order.terminate ?? false)
          say({ step: 'paused', path: file.path, url: one.url })
          order.terminate ? done() : one.start()
        }
      },
    }
    if (order.store) options.urlStorage = new tus.FileUrlStorage(order.store)
    const one = new tus.Upload(createReadStream(file.path), options)
    const begin = async () => {
      const before = order.store ? await one.findPreviousUploads() : []
      say({ step: 'begun', path: file.path, before: before.length })
      if (before.length > 0) one.resumeFromPreviousUpload(before[0])
      one.start()
    }
    begin()
  })
}

await Promise.all(order.files.map(upload))
