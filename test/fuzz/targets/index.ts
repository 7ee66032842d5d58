import type { MakeTarget } from '../target-type.js'
import { client } from './client.js'
import { anyDisk, apfs, apm, exfat, fat, gpt, hfsPlus, mbr } from './disks.js'
import { inside } from './inside.js'
import { plist, sparseImageIndex, v1, v2 } from './images.js'
import { hdiutil, mountinfo, systemTables } from './machine.js'
import { fingerprints, mtree } from './manifests.js'

/** Every parser there is, by name. */
export const targets: Readonly<Record<string, MakeTarget>> = {
  plist,
  'sparse-image': sparseImageIndex,
  'encryption-v1': v1,
  'encryption-v2': v2,
  mtree,
  fingerprints,
  disk: anyDisk,
  gpt,
  mbr,
  apm,
  'hfs-plus': hfsPlus,
  apfs,
  fat,
  exfat,
  inside,
  hdiutil,
  mountinfo,
  'system-tables': systemTables,
  client,
}
