/** A text's fingerprint. The browser's own is kept from pages that are not served securely, as many Jupyters are. */

import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';

/** Returns the SHA-256 of a text, in hex, as the kernel reckons it. */
export function digest(text: string): string {
  return bytesToHex(sha256(utf8ToBytes(text)));
}
