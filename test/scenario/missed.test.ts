import { expect } from 'chai'
import { imageDigest } from '../support/mac/index.js'
import { stopClients } from './support/client-night.js'
import { night } from './support/night.js'
import { labOver, needWay, ways } from './support/over.js'
import { bandOf, filesIn, rewrite, sectionFiles, setIn } from './support/set.js'

/** Seconds between the band that was copied and the one that rsync takes for the same. */
const deltas = [0, 1, 5, 19, 20, -5]

for (const way of ways) {
  const { host, over, told } = way
  describe(`bands that LBackup takes for unchanged, ${told}`, function () {
    this.timeout(180_000)
    before(function () {
      needWay(this, way)
    })
    afterEach(stopClients)

    it(`rewritten ${deltas.join(', ')} s after their copies are found, told by their kind and repaired, once`, async () => {
      const names = deltas.map((delta) => `by ${String(delta)} s`)
      const set = setIn(await labOver(over, { settings: { numRotations: '4' } }), { names })
      const { lab, stateFolder } = set
      await night(host, lab, stateFolder)
      await night(host, lab, stateFolder)
      const before = [0, 1].map((number) => sectionFiles(set, number))
      deltas.forEach((delta, index) => rewrite(bandOf(set.image(names[index]), '3'), delta))
      const sources = filesIn(lab.source)
      const found = await night(host, lab, stateFolder)
      for (const name of names) {
        const image = found.image(`/${name}.sparsebundle`)
        expect(image.proof?.wrong, name).to.deep.equal([{ kind: 'missed-change', count: 1, members: ['bands/3'] }])
        expect(image.kept, name).to.deep.equal({ done: 'repaired' })
        expect(image, name).to.include({ verdict: 'proven', loudness: 'fine' })
        expect(imageDigest(set.copy(name)), name).to.equal(imageDigest(set.image(name)))
      }
      expect([1, 2].map((number) => sectionFiles(set, number))).to.deep.equal(before)
      expect(filesIn(lab.source), 'the source').to.deep.equal(sources)
      const repaired = sectionFiles(set, 0)
      const next = await night(host, lab, stateFolder)
      for (const name of names) {
        expect(next.image(`/${name}.sparsebundle`).verdict, name).to.equal('proven')
        expect(next.image(`/${name}.sparsebundle`).proof, name).to.include({ read: 0, bytesRead: 0 })
        expect(next.image(`/${name}.sparsebundle`).kept, name).to.equal(undefined)
      }
      expect(sectionFiles(set, 0), 'the same files again').to.deep.equal(repaired)
    })
  })
}
